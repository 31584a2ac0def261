//! What is genuine, and what only looks so.

use super::*;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
const SENT: i64 = 1_649_367_553;
const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

fn key(secret: &str) -> Key {
    Key::new(&Secret::new(secret)).unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_published_vector_and_what_is_wrong_with_it() {
    let verifier = |secrets: &[&str]| {
        Verifier::Standard(StandardWebhooks { keys: secrets.iter().map(|secret| key(secret)).collect() })
    };
    let id = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    let signed = |signature: &str| {
        headers(&[("webhook-id", id), ("webhook-timestamp", "1649367553"), ("webhook-signature", signature)])
    };
    let genuine = Ok(Verified::Signed { message_id: Some(id.to_owned()) });
    let wrong = Err(Rejection::WrongSignature);
    let one = verifier(&[SECRET]);
    for (verifier, headers, body, now, expected) in [
        (&one, signed(SIGNATURE), BODY, SENT, genuine.clone()),
        (&one, signed(&format!("v1a,xyz v2,abc {SIGNATURE}")), BODY, SENT, genuine.clone()),
        (&one, signed(SIGNATURE.trim_end_matches('=')), BODY, SENT, genuine.clone()),
        (&verifier(&[OTHER, SECRET]), signed(SIGNATURE), BODY, SENT + 300, genuine.clone()),
        (&one, signed(SIGNATURE), BODY, SENT - 300, genuine),
        (&one, signed(SIGNATURE), BODY, SENT + 301, Err(Rejection::OutsideWindow { skew_s: 301 })),
        (&one, signed(SIGNATURE), BODY, SENT - 301, Err(Rejection::OutsideWindow { skew_s: -301 })),
        (&one, signed(SIGNATURE), b"{}", SENT, wrong.clone()),
        (&one, signed("v1,AAAA"), BODY, SENT, wrong.clone()),
        (&one, signed("v1,"), BODY, SENT, wrong.clone()),
        (&one, signed(&SIGNATURE.replace("v1,", "v2,")), BODY, SENT, wrong.clone()),
        (&verifier(&[OTHER]), signed(SIGNATURE), BODY, SENT, wrong.clone()),
        (&verifier(&[]), signed(SIGNATURE), BODY, SENT, wrong),
        (&one, headers(&[]), BODY, SENT, Err(Rejection::Unsigned)),
        (
            &one,
            headers(&[("webhook-id", id), ("webhook-signature", SIGNATURE)]),
            BODY,
            SENT,
            Err(Rejection::Unsigned),
        ),
        (&Verifier::None, headers(&[]), BODY, SENT, Ok(Verified::Unchecked)),
    ] {
        assert_eq!(verifier.verify(&headers, body, at(now)), expected);
    }
    let mut doubled = signed(SIGNATURE);
    doubled.append("webhook-id", "msg_other".parse().unwrap());
    assert_eq!(one.verify(&doubled, BODY, at(SENT)), Err(Rejection::Unsigned));
}

#[test]
fn a_header_with_an_hmac() {
    let secret = "a secret of one's own";
    let tag = |message: &[u8]| hmac::sign(&key(secret).0, message).as_ref().to_vec();
    let scheme = |prefix: &str, encoding, timestamp: bool| {
        Verifier::Header(HeaderHmac {
            header: HeaderName::from_static("x-signature"),
            prefix: prefix.to_owned(),
            encoding,
            timestamp_header: timestamp.then(|| HeaderName::from_static("x-timestamp")),
            keys: vec![key(OTHER), key(secret)],
        })
    };
    let genuine = Ok(Verified::Signed { message_id: None });
    let plain = hex(&tag(BODY));
    let dated = hex(&tag(&[b"1649367553.", BODY].concat()));
    for (verifier, pairs, now, expected) in [
        (scheme("", Encoding::Hex, false), vec![("x-signature", plain.clone())], SENT, genuine.clone()),
        (
            scheme("", Encoding::Hex, false),
            vec![("x-signature", plain.to_uppercase())],
            SENT,
            genuine.clone(),
        ),
        (
            scheme("sha256=", Encoding::Hex, false),
            vec![("x-signature", format!("sha256={plain}"))],
            SENT,
            genuine.clone(),
        ),
        (
            scheme("", Encoding::Base64, false),
            vec![("x-signature", BASE64.encode(tag(BODY)))],
            SENT,
            genuine.clone(),
        ),
        (
            scheme("", Encoding::Hex, true),
            vec![("x-signature", dated.clone()), ("x-timestamp", SENT.to_string())],
            SENT + 10,
            genuine,
        ),
        (
            scheme("", Encoding::Hex, true),
            vec![("x-signature", dated.clone()), ("x-timestamp", SENT.to_string())],
            SENT + 3600,
            Err(Rejection::OutsideWindow { skew_s: 3600 }),
        ),
        (
            scheme("", Encoding::Hex, true),
            vec![("x-signature", dated), ("x-timestamp", (SENT + 3600).to_string())],
            SENT + 3600,
            Err(Rejection::WrongSignature),
        ),
        (
            scheme("", Encoding::Hex, true),
            vec![("x-signature", plain.clone())],
            SENT,
            Err(Rejection::Unsigned),
        ),
        (
            scheme("sha256=", Encoding::Hex, false),
            vec![("x-signature", plain.clone())],
            SENT,
            Err(Rejection::WrongSignature),
        ),
        (
            scheme("", Encoding::Hex, false),
            vec![("x-signature", format!("{plain}0"))],
            SENT,
            Err(Rejection::WrongSignature),
        ),
        (scheme("", Encoding::Hex, false), vec![("x-signature", "é".into())], SENT, Err(Rejection::Unsigned)),
        (scheme("", Encoding::Hex, false), vec![], SENT, Err(Rejection::Unsigned)),
    ] {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(verifier.verify(&headers(&pairs), BODY, at(now)), expected, "{pairs:?}");
    }
}

#[test]
fn keys_are_checked_and_never_shown() {
    for bad in ["", "short", "whsec_", "whsec_!!!", "whsec_QUJD"] {
        assert_eq!(Key::new(&Secret::new(bad)).unwrap_err().kind(), Kind::Config, "{bad}");
    }
    assert_eq!(format!("{:?}", key("a secret of one's own")), "Key(…)");
}
