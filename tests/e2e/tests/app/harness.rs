//! The harness against whatever is in `dist/`: if these fail, look here before looking at the app.

use e2e::app::{App, Setting};

#[test]
fn browser_opens_and_webgpu_follows_the_setting() {
    for webgpu in [false, true] {
        let app = App::open("harness", Setting { webgpu, ..Setting::default() }).unwrap();
        let adapter = app
            .session
            .script("return navigator.gpu ? navigator.gpu.requestAdapter().then(a => !!a) : false", &[])
            .unwrap();
        assert_eq!(adapter.as_bool(), Some(webgpu));
    }
}

#[test]
fn complaints_are_heard() {
    let app = App::open("harness-complaints", Setting::default()).unwrap();
    app.session
        .script("console.error('heard'); setTimeout(() => { throw new Error('thrown') }); fetch('http://192.0.2.1/x').catch(() => {})", &[])
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let all = app.complaints().unwrap().join("\n");
    assert!(all.contains("heard") && all.contains("thrown"), "{all}");
    assert!(all.contains("policy: connect-src") || all.contains("192.0.2.1"), "{all}");
    let path = app.shoot("page").unwrap();
    assert!(std::fs::metadata(path).unwrap().len() > 1000);
}
