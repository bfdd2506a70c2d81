//! Asking a directory over HTTP.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Bytes, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{connect::HttpConnector, Client},
    rt::TokioExecutor,
};
use tokio::time::timeout;

use crate::{
    failure::{Failure, Result},
    room::directory_url,
    tls,
};

const TIMEOUT: Duration = Duration::from_secs(15);
/// As large as a frame may be.
const MAX_ANSWER_BYTES: usize = 128 * 1024;

/// The directory of a relay.
pub(super) struct Directory {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
}

impl Directory {
    /// That of the relay at `address`, or of this machine's.
    pub(super) fn of(address: Option<&str>) -> Result<Self> {
        let url = directory_url(address)?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls::config()?.as_ref().clone())
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            url,
        })
    }

    /// One frame out, one frame back. Redirections are not followed: what answers has to be what was asked.
    ///
    /// # Errors
    /// [`Failure::Connect`], [`Failure::NoDirectory`].
    pub(super) async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>> {
        let request = Request::post(&self.url)
            .body(Full::from(request))
            .map_err(|error| Failure::Usage(format!("--relay: {error}")))?;
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| failed(&error))?;
            match response.status() {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND => return Err(Failure::NoDirectory),
                status => return Err(Failure::Connect(format!("the directory answered {}", status.as_u16()))),
            }
            let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
            Ok(body.map_err(|error| failed(error.as_ref()))?.to_bytes().to_vec())
        };
        timeout(TIMEOUT, exchange)
            .await
            .unwrap_or_else(|_| Err(Failure::Connect("the directory does not answer".to_owned())))
    }
}

/// With its causes: the outermost says only that something failed.
fn failed(error: &(dyn std::error::Error + 'static)) -> Failure {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Failure::Connect(crate::text::clean_line(&text))
}
