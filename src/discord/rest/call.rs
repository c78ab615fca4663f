//! What can be asked of the sender.

use std::{fmt, hash::RandomState, time::Duration};

use reqwest::{Method, RequestBuilder, multipart};
use serde_json::Value;

use super::route::Route;

/// A request to Discord's REST API.
#[derive(Clone)]
pub struct Call {
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: Method,
    /// The path without `/api/v10`, with its query: `/channels/1/messages`.
    pub path: String,
    /// What is sent along.
    pub body: Body,
    /// Whether it goes before ordinary calls to the same route and may use the reserve of the global limit. For safety
    /// replies.
    pub urgent: bool,
    /// How long the caller can use an answer, from [`super::Rest::send`] on; `None` for as long as the retries take.
    pub give_up: Option<Duration>,
}

/// What a call sends along.
#[derive(Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Value),
    /// JSON with files, as parts `payload_json` and `files[0]`, `files[1]`, ...
    Multipart {
        /// The JSON. Its `attachments`, if any, name the files by place; that is the caller's concern.
        payload: Value,
        /// The files, in that order.
        files: Vec<File>,
    },
}

/// A file to upload.
#[derive(Clone)]
pub struct File {
    /// The name that `attachment://` links and people see.
    pub name: String,
    /// Such as `image/png`; one that is none is sent as `application/octet-stream`.
    pub media_type: String,
    /// The contents.
    pub bytes: Vec<u8>,
}

impl Call {
    /// A call with any method and body.
    pub fn new(method: Method, path: impl Into<String>, body: Body) -> Self {
        Self { method, path: path.into(), body, urgent: false, give_up: None }
    }

    /// A GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, Body::None)
    }

    /// A POST of JSON. It may be sent more than once: messages need `nonce` and `enforce_nonce`.
    pub fn post(path: impl Into<String>, json: Value) -> Self {
        Self::new(Method::POST, path, Body::Json(json))
    }

    /// A PATCH with JSON.
    pub fn patch(path: impl Into<String>, json: Value) -> Self {
        Self::new(Method::PATCH, path, Body::Json(json))
    }

    /// A PUT of JSON.
    pub fn put(path: impl Into<String>, json: Value) -> Self {
        Self::new(Method::PUT, path, Body::Json(json))
    }

    /// A DELETE.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path, Body::None)
    }

    /// The same, with files beside its JSON.
    #[must_use]
    pub fn with_files(mut self, files: Vec<File>) -> Self {
        let payload = match self.body {
            Body::None => Value::Object(serde_json::Map::new()),
            Body::Json(payload) | Body::Multipart { payload, .. } => payload,
        };
        self.body = Body::Multipart { payload, files };
        self
    }

    /// The same, before ordinary calls.
    #[must_use]
    pub fn urgent(mut self) -> Self {
        self.urgent = true;
        self
    }

    /// The same, given up after so long.
    #[must_use]
    pub fn within(mut self, give_up: Duration) -> Self {
        self.give_up = Some(give_up);
        self
    }
}

/// Shows neither ids nor tokens nor the body.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = Route::of(&self.method, &self.path, &RandomState::new());
        f.debug_struct("Call")
            .field("route", &route.shown)
            .field("urgent", &self.urgent)
            .field("give_up", &self.give_up)
            .finish_non_exhaustive()
    }
}

impl Body {
    /// Puts the body into a request. A form can be sent once only, so each attempt makes its own.
    pub(super) fn fill(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => request,
            Self::Json(json) => request.json(json),
            Self::Multipart { payload, files } => {
                let json = part(payload.to_string().into_bytes(), "application/json");
                let form = multipart::Form::new().part("payload_json", json);
                let form = files.iter().enumerate().fold(form, |form, (at, file)| {
                    form.part(format!("files[{at}]"), part(file.bytes.clone(), &file.media_type).file_name(file.name.clone()))
                });
                request.multipart(form)
            }
        }
    }
}

fn part(bytes: Vec<u8>, media_type: &str) -> multipart::Part {
    let is_type = multipart::Part::bytes(Vec::new()).mime_str(media_type).is_ok();
    let media_type = if is_type { media_type } else { "application/octet-stream" };
    multipart::Part::bytes(bytes).mime_str(media_type).expect("the media type was tried, or is a known one")
}
