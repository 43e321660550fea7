//! TLS: each fault has its own sentence, and one's own authority is enough. The certificates are made for these tests alone.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::given;

/// A TLS server with one of the certificates; answers every request with an empty list.
fn serve(name: &'static str) -> u16 {
    let file = |end: &str| given::bytes(&format!("tls/{name}.{end}"));
    let chain = vec![CertificateDer::from_pem_slice(&file("pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&file("key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = rustls::StreamOwned::new(connection, stream);
            let mut piece = [0u8; 4096];
            if tls.read(&mut piece).is_ok_and(|n| n > 0) {
                let answer = crate::support::wire::answer(200, &[("Content-Type", "application/json")], b"[]");
                let _ = tls.write_all(&answer);
                tls.conn.send_close_notify();
                let _ = tls.flush();
            }
        }
    });
    port
}

async fn why(port: u16, host: &str, trust: bool) -> Option<String> {
    let mut source = given::alertmanager(&format!("https://{host}:{port}"));
    source.ca = trust.then(|| given::data("tls/ca.pem"));
    let seen = given::poll(&given::client(), &source).await;
    if seen.error.is_some() {
        let wait = seen.next_try.unwrap() - seen.last_try.unwrap();
        assert!(
            wait.num_seconds() >= 60 || seen.error.as_deref().unwrap().contains("answer"),
            "asked slowly: {:?}",
            seen.error
        );
    }
    seen.error
}

#[tokio::test]
async fn each_fault_of_a_certificate_has_its_own_sentence() {
    assert_eq!(why(serve("good"), "127.0.0.1", true).await, None, "one's own authority is enough");
    assert_eq!(why(serve("good"), "localhost", true).await, None);
    assert_eq!(
        why(serve("good"), "127.0.0.1", false).await.unwrap(),
        "the certificate of 127.0.0.1 is from an unknown authority; name it with ca"
    );
    assert_eq!(why(serve("expired"), "127.0.0.1", true).await.unwrap(), "the certificate of 127.0.0.1 has expired");
    assert_eq!(why(serve("other"), "127.0.0.1", true).await.unwrap(), "the certificate is not for 127.0.0.1");
    // A server of plain HTTP answers the handshake with text.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    assert_eq!(why(port, "127.0.0.1", true).await.unwrap(), "127.0.0.1 does not speak TLS at this port");
}

#[tokio::test]
async fn a_wrong_authority_file_is_named() {
    let mut source = given::alertmanager("https://127.0.0.1:1");
    source.ca = Some("/no/such/ca.pem".into());
    let seen = given::poll(&given::client(), &source).await;
    assert_eq!(seen.error.unwrap(), "ca /no/such/ca.pem cannot be read: entity not found");
    source.ca = Some(given::data("hostile/bodies/login.html"));
    let seen = given::poll(&given::client(), &source).await;
    assert!(seen.error.unwrap().ends_with("holds no certificate"));
}
