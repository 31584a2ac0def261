//! HMAC-SHA256, with which links, receipts and webhooks are signed.

use sha2::{Digest, Sha256};

const BLOCK: usize = 64;

/// The authentication code of RFC 2104.
pub(super) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut padded = [0; BLOCK];
    if key.len() > BLOCK {
        padded[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let keyed = |pad: u8, message: &[u8]| {
        let mut hash = Sha256::new();
        hash.update(padded.map(|byte| byte ^ pad));
        hash.update(message);
        hash.finalize()
    };
    keyed(0x5c, &keyed(0x36, message)).into()
}

#[cfg(test)]
mod tests {
    use super::hmac;
    use crate::sandbox::store::hex;

    /// RFC 4231, cases 1, 2 and 6.
    #[test]
    fn known_answers() {
        for (key, message, want) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hex(&hmac(key, message)), want);
        }
    }
}
