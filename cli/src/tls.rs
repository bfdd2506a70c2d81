//! TLS, for WebSockets and HTTP alike.

use std::sync::{Arc, OnceLock};

use rustls::{crypto::aws_lc_rs, ClientConfig, RootCertStore};

use crate::failure::{Failure, Result};

static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();

/// TLS 1.2 and 1.3 with the system's certificates and Mozilla's.
///
/// # Errors
/// [`Failure::Connect`], when the ciphers do not fit together.
pub(crate) fn config() -> Result<Arc<ClientConfig>> {
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = RootCertStore::empty();
    // What cannot be read there is not needed by everybody: a connection that misses it says so.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::Connect(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_ciphers_and_certificates() {
        // Without a named provider this was where a wss: address ended the program.
        let config = config().unwrap();
        assert!(!config.crypto_provider().cipher_suites.is_empty());
        assert!(Arc::ptr_eq(&config, &super::config().unwrap()));
    }
}
