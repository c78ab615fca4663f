//! The files of the page, the headers that guard them, and who is turned away.

use reqwest::header;

use super::*;

/// The page's own files, each with what it is.
const FILES: [(&str, &str); 7] = [
    ("/", "text/html; charset=utf-8"),
    ("/page.css", "text/css; charset=utf-8"),
    ("/page.js", "text/javascript; charset=utf-8"),
    ("/composer.js", "text/javascript; charset=utf-8"),
    ("/shelf.js", "text/javascript; charset=utf-8"),
    ("/make.js", "text/javascript; charset=utf-8"),
    ("/wire.js", "text/javascript; charset=utf-8"),
];

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[tokio::test]
async fn the_whole_page_is_small_and_comes_from_here() {
    let page = Page::open().await;
    let mut size = 0;
    let mut linked = Vec::new();
    for (path, kind) in FILES.into_iter().chain([("/icon.svg", "image/svg+xml")]) {
        let response = page.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], kind, "{path}");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache", "{path}");
        let text = response.text().await.expect("text");
        size += text.len();
        linked
            .extend(text.split('"').filter(|part| part.starts_with("./") || part.ends_with(".js")).map(|p| p.replace("./", "/")));
        for elsewhere in ["//cdn", "https://", "@import", "url("] {
            assert!(!text.contains(elsewhere), "{path} names {elsewhere}");
        }
    }
    assert!(size < 100 * 1024, "{size} bytes");
    assert!(linked.len() >= 5, "{linked:?}");
    for path in linked {
        assert!(FILES.iter().any(|(file, _)| *file == path), "{path} is served");
    }
}

#[tokio::test]
async fn nothing_is_inline_and_every_response_says_the_policy() {
    let page = Page::open().await;
    for path in ["/", "/nowhere", "/api/commands", "/api/nowhere", "/page.css"] {
        let response = page.get(path).await;
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], POLICY, "{path}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        if path.starts_with("/api") {
            assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
        }
    }
    let text = page.get("/").await.text().await.expect("text");
    assert!(!text.contains("style=") && !text.contains("<style") && !text.contains(" onclick"), "{text}");
    for script in text.match_indices("<script").map(|(at, _)| &text[at..]) {
        assert!(script.starts_with("<script type=\"module\" src=\"/") && script.contains("\"></script>"), "{script}");
    }
}

#[tokio::test]
async fn what_is_not_there_says_where_to_go() {
    let page = Page::open().await;
    let missing = page.get("/favicon").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert!(missing.text().await.expect("text").contains("<a href=\"/\">"));
    let missing = page.get("/api/nowhere").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let said: Value = missing.json().await.expect("JSON");
    assert_eq!(said["error"]["do"], "go to the first page: /");
    assert_eq!(page.get("/api/command").await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_foreign_name_that_points_here_is_turned_away() {
    let page = Page::open().await;
    let under = async |host: &str| {
        let request = page.client.get(format!("http://{}/", page.address)).header(header::HOST, host);
        request.send().await.expect("it answers").status()
    };
    for host in ["127.0.0.1", "localhost:8420", "knee.example", "[::1]:8420"] {
        assert_eq!(under(host).await, StatusCode::OK, "{host}");
    }
    for host in ["evil.example", "evil.example:8420", "127.0.0.1.evil.example"] {
        assert_eq!(under(host).await, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
}

#[tokio::test]
async fn another_sites_form_cannot_post() {
    let page = Page::open().await;
    let body = json!({ "command": "help" }).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
        let request = page.client.post(format!("http://{}/api/command", page.address)).header(header::CONTENT_TYPE, kind);
        let response = request.body(body.clone()).send().await.expect("it answers");
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    // A site that asks first whether it may is not told that it may.
    let request = page.client.request(reqwest::Method::OPTIONS, format!("http://{}/api/command", page.address));
    let response = request.header(header::ORIGIN, "https://evil.example").send().await.expect("it answers");
    assert!(!response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}
