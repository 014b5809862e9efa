//! The routes: types, tags, compression, headers, deep links.

use std::io::Read;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt;
use tower::ServiceExt;

async fn get(path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    tasker_console::router::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn body(response: Response) -> Vec<u8> {
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn browsers_are_led_to_the_console_and_programs_to_what_the_server_is() {
    let response = get("/", &[("accept", "text/html,*/*")]).await;
    assert_eq!((response.status(), header(&response, "location")), (StatusCode::SEE_OTHER, "console/"));
    assert_eq!(header(&get("/", &[("accept", "*/*")]).await, "location"), "v1/meta");
    assert_eq!(header(&get("/console", &[]).await, "location"), "console/");
}

#[tokio::test]
async fn a_file_has_its_type_and_a_tag_and_may_come_compressed() {
    let response = get("/console/app/main.mjs", &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    let tag = header(&response, "etag").to_owned();
    let plain = body(response).await;

    let packed = get("/console/app/main.mjs", &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(header(&packed, "content-encoding"), "gzip");
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(body(packed).await.as_slice()).read_to_end(&mut text).unwrap();
    assert!(text == plain);

    let known = get("/console/app/main.mjs", &[("if-none-match", &format!("\"other\", W/{tag}"))]).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(body(known).await, b"");
}

#[tokio::test]
async fn every_other_path_is_the_page_with_the_way_back_to_its_folder() {
    for (path, base) in [
        ("/console/", "./"),
        ("/console/tasks", "./"),
        ("/console/tasks/0199", "../"),
        ("/console/a/b/1.0.0", "../../"),
    ] {
        let response = get(path, &[]).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
        let text = String::from_utf8(body(response).await).unwrap();
        assert!(text.contains(&format!("<base href=\"{base}\">")), "{path}");
    }
    assert_eq!(get("/console/app/none.mjs", &[]).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_allows_no_script_but_its_own() {
    let response = get("/console/", &[]).await;
    let policy = header(&response, header::CONTENT_SECURITY_POLICY.as_str());
    assert!(policy.starts_with("default-src 'self'; script-src 'self' 'sha256-"), "{policy}");
    assert!(policy.contains("style-src 'self'; ") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(header(&response, "referrer-policy"), "same-origin");
    assert_eq!(header(&response, "cross-origin-opener-policy"), "same-origin");
}
