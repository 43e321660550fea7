//! The one TLS configuration: ring, the platform's roots, one's own authorities. There is no switch to accept anything else.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// The platform's authorities; those that cannot be read are left out.
pub fn native_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// A configuration that trusts `roots` and the authorities in `ca`. The error is a sentence.
pub fn config(roots: &RootCertStore, ca: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = roots.clone();
    if let Some(path) = ca {
        let place = format!("ca {}", path.display());
        let pem = std::fs::read(path).map_err(|e| format!("{place} cannot be read: {}", e.kind()))?;
        let mut any = false;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|_| format!("{place} is not PEM"))?;
            roots.add(certificate).map_err(|_| format!("{place} holds a certificate that cannot be used"))?;
            any = true;
        }
        if !any {
            return Err(format!("{place} holds no certificate"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| format!("TLS cannot be set up: {e}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
