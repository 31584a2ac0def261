//! The account we act for: anonymous or registered, and the link by which an anonymous one becomes a registered one.

use url::Url;

/// Who we are at NemoVideo, as far as it told us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The token came from `NEMO_TOKEN`.
    pub own_token: bool,
    /// The user id of the last answer that carried one; anonymous ones begin with `anon_`.
    pub user_id: Option<String>,
}

impl Account {
    /// A token of the user's own counts as registered unless the service says otherwise.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        match &self.user_id {
            Some(user_id) => user_id.starts_with("anon_"),
            None => !self.own_token,
        }
    }

    /// Where an anonymous account is registered: `?bind=` keeps its projects (NemoVideo skill, code 2001).
    #[must_use]
    pub fn register_url(&self, web_url: &Url) -> Url {
        let mut url = web_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("register");
        }
        if let Some(user_id) = &self.user_id {
            url.query_pairs_mut().append_pair("bind", user_id);
        }
        url
    }
}
