//! The page of a report in a real browser: Chromium without a window, driven over its pipe. `.ci/report` runs it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::program::{Lines, out, run, tickspan};

/// A browser with one page.
struct Browser {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    number: u64,
    events: Vec<Json>,
    _profile: TempDir,
}

impl Browser {
    fn start() -> Self {
        let profile = TempDir::new().unwrap();
        let program = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
        // It reads commands from 3 and writes answers to 4.
        let script = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#;
        let mut process = Command::new("sh")
            .args(["-c", script, &program, "--headless=new", "--no-sandbox"])
            .args([
                "--disable-gpu",
                "--hide-scrollbars",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut browser = Self {
            input: process.stdin.take().unwrap(),
            output: BufReader::new(process.stdout.take().unwrap()),
            process,
            session: None,
            number: 0,
            events: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attached = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", &attached);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Sends a command and waits for its answer; events that come meanwhile are kept.
    #[track_caller]
    fn call(&mut self, method: &str, parameters: &Json) -> Json {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = Json::from(session.as_str());
        }
        self.input
            .write_all(format!("{message}\0").as_bytes())
            .unwrap();
        loop {
            let answer = self.read();
            if answer["id"] == self.number {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    fn read(&mut self) -> Json {
        let mut message = Vec::new();
        self.output.read_until(0, &mut message).unwrap();
        assert_eq!(message.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&message).unwrap()
    }

    fn open(&mut self, address: &str) {
        self.events.clear();
        // Of the same file at another place, it would only go to that place.
        self.call("Page.navigate", &json!({"url": "about:blank"}));
        self.call("Page.navigate", &json!({"url": address}));
        while !self.events.iter().any(|event| {
            event["method"] == "Page.loadEventFired" && event["params"]["timestamp"].is_number()
        }) || self.evaluate("document.readyState + location.href")
            != json!(format!("complete{address}"))
        {
            let event = self.read();
            self.events.push(event);
        }
        // Charts are drawn when their size is known.
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))");
    }

    #[track_caller]
    fn evaluate(&mut self, expression: &str) -> Json {
        let parameters =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", &parameters);
        assert!(
            result["exceptionDetails"].is_null(),
            "{expression}: {result}"
        );
        result["result"]["value"].clone()
    }

    fn size(&mut self, width: u32, height: u32, scheme: &str) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", &media);
    }

    fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "End" => 35,
            "Home" => 36,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            other => panic!("{other}"),
        };
        let mut event =
            json!({"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code});
        if key == "Enter" {
            event["text"] = Json::from("\r");
        }
        self.call("Input.dispatchKeyEvent", &event);
        event["type"] = Json::from("keyUp");
        self.call("Input.dispatchKeyEvent", &event);
    }

    fn screenshot(&mut self, path: &Path) {
        let shot = self.call(
            "Page.captureScreenshot",
            &json!({"captureBeyondViewport": true}),
        );
        let png = BASE64_STANDARD
            .decode(shot["data"].as_str().unwrap())
            .unwrap();
        fs::write(path, png).unwrap();
    }

    /// Nothing was loaded but the page, and nothing went wrong.
    #[track_caller]
    fn assert_quiet(&self, address: &str) {
        let of = |method: &'static str| {
            self.events
                .iter()
                .filter(move |event| event["method"] == method)
        };
        let requests = of("Network.requestWillBeSent")
            .map(|event| event["params"]["request"]["url"].as_str().unwrap());
        let others: Vec<&str> = requests
            .filter(|url| *url != address && !url.starts_with("data:image/svg+xml"))
            .collect();
        assert!(others.is_empty(), "{others:?}");
        for method in [
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Log.entryAdded",
        ] {
            let told: Vec<&Json> = of(method).collect();
            assert!(told.is_empty(), "{told:?}");
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The recording that is looked at, and where pictures are put.
fn given(name: &str) -> PathBuf {
    let path = std::env::var_os(name);
    PathBuf::from(path.unwrap_or_else(|| panic!("`{name}` is not set: run `.ci/report`")))
}

fn address(page: &Path) -> String {
    format!("file://{}", fs::canonicalize(page).unwrap().display())
}

/// The page of a recording, made in a folder and opened in a browser, and its address.
fn opened(recording: &Path, dir: &Path) -> (Browser, String) {
    let page = dir.join("report.html");
    let made = tickspan()
        .args(["report", "-o"])
        .args([&page, recording])
        .output()
        .unwrap();
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let mut browser = Browser::start();
    let address = address(&page);
    browser.size(1280, 900, "light");
    browser.open(&address);
    browser.assert_quiet(&address);
    (browser, address)
}

/// Text elements whose contrast to what is behind them is below that of WCAG 2.1, AA.
const LOW_CONTRAST: &str = r"(() => {
  const rgb = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((it) => it / 255).map((it) => (it <= 0.03928 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4))
    .reduce((sum, it, place) => sum + it * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (node) => { for (; node; node = node.parentElement) { const color = rgb(getComputedStyle(node).backgroundColor); if (color.length === 3 || color[3] > 0) return color; } return [255, 255, 255]; };
  const low = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ['SCRIPT', 'STYLE', 'NOSCRIPT', 'OPTION'].includes(element.tagName) || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(rgb(element.closest('svg') ? style.fill : style.color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) low.add(element.tagName + '.' + element.getAttribute('class') + ' ' + contrast.toFixed(2));
  }
  return [...low];
})()";

#[test]
#[ignore = "needs a browser: `.ci/report` brings one"]
fn page_of_a_recorded_run_shows_charts_and_works_by_keyboard() {
    let (recording, pictures) = (given("REPORT_RECORDING"), given("REPORT_PICTURES"));
    let (mut browser, address) = opened(&recording, &pictures);

    // Every chart is drawn.
    let charts = browser.evaluate("[...document.querySelectorAll('.plot[role=slider]')].map((it) => it.querySelectorAll('svg rect, svg path, svg circle').length)");
    let charts = charts.as_array().unwrap();
    assert!(
        charts.len() >= 4 && charts.iter().all(|marks| marks.as_u64() > Some(0)),
        "{charts:?}"
    );
    for (what, least) in [
        ("#edges .track i", 5),
        ("#traces [role=treeitem]", 2),
        ("#latency table", 3),
    ] {
        let count = browser.evaluate(&format!("document.querySelectorAll('{what}').length"));
        assert!(count.as_u64() >= Some(least), "{what}: {count}");
    }
    numbers_are_those_of_the_summary(&mut browser, &recording);
    it_works_by_keyboard(&mut browser);
    everything_that_takes_the_focus_has_a_name(&mut browser);

    for (name, width, scheme) in [
        ("light", 1280, "light"),
        ("dark", 1280, "dark"),
        ("phone", 390, "light"),
        ("phone-dark", 390, "dark"),
    ] {
        browser.size(width, 900, scheme);
        browser.open(&address);
        let wide = browser.evaluate("document.documentElement.scrollWidth");
        assert!(
            wide.as_u64() <= Some(u64::from(width)),
            "{name} is {wide} wide"
        );
        let low = browser.evaluate(LOW_CONTRAST);
        assert_eq!(low, json!([]), "{name}");
        browser.assert_quiet(&address);
        browser.screenshot(&pictures.join(format!("{name}.png")));
    }
}

/// The table of the stages holds what `tickspan summary` prints.
fn numbers_are_those_of_the_summary(browser: &mut Browser, recording: &Path) {
    let shown = browser.evaluate(
        "[...document.querySelectorAll('#latency tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))",
    );
    let shown = shown.as_array().unwrap();
    let summary = out(&run(&["summary"], recording));
    let mut compared = 0;
    for line in summary.lines() {
        let cells: Vec<&str> = line
            .split("  ")
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .collect();
        let [name, count, errors, _min, rest @ ..] = cells.as_slice() else {
            continue;
        };
        if name == &"stage" || rest.len() != 7 {
            continue;
        }
        let wanted: Vec<&str> = [*name, *count, *errors]
            .into_iter()
            .chain(rest.iter().copied())
            .collect();
        assert!(
            shown.contains(&json!(wanted)),
            "{wanted:?} is missing in {shown:?}"
        );
        compared += 1;
    }
    assert!(compared >= 5, "{summary}");
}

/// What has the focus: what it is, and whether that shows.
const FOCUSED: &str = r"(() => {
  const it = document.activeElement;
  const shown = it.matches('.choice input') ? it.closest('label') : it;
  const style = getComputedStyle(shown);
  const kind = it.getAttribute('role') || (it.matches('thead button') ? 'sort' : it.tagName.toLowerCase());
  return [kind, it.getAttribute('class') || '', style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
})()";

fn it_works_by_keyboard(browser: &mut Browser) {
    let mut reached: Vec<String> = Vec::new();
    let at_tree = "document.activeElement.getAttribute('role') === 'treeitem'";
    for _ in 0..400 {
        browser.press("Tab");
        let focused = browser.evaluate(FOCUSED);
        let kind = format!(
            "{}.{}",
            focused[0].as_str().unwrap(),
            focused[1].as_str().unwrap()
        );
        assert_eq!(focused[2], true, "the focus is not seen: {kind}");
        if focused[0] == "slider" && !reached.contains(&kind) {
            // A chart is read point by point.
            let value = "[document.activeElement.getAttribute('aria-valuenow'), document.activeElement.getAttribute('aria-valuetext'), document.activeElement.nextElementSibling.textContent]";
            browser.press("Home");
            browser.press("ArrowRight");
            let second = browser.evaluate(value);
            assert_eq!(second[0], "2");
            assert_eq!(second[1], second[2]);
            browser.press("End");
            assert_ne!(browser.evaluate(value), second);
        }
        if kind == "button.link" && !reached.contains(&kind) {
            // A row is chosen.
            let name = browser.evaluate("document.activeElement.textContent");
            browser.press("Enter");
            let chosen = browser.evaluate("[...document.querySelectorAll('.facts h3')].map((it) => it.firstChild.textContent)");
            assert!(
                chosen.as_array().unwrap().contains(&name),
                "{name}: {chosen}"
            );
        }
        reached.push(kind);
        if browser.evaluate(at_tree) == true {
            break;
        }
    }
    for kind in [
        "a.skip",
        "select.",
        "a.",
        "sort.",
        "button.link",
        "slider.plot",
        "summary.",
        "input.",
        "treeitem.",
    ] {
        assert!(
            reached.iter().any(|it| it == kind),
            "{kind} is not reached: {reached:?}"
        );
    }
    assert_eq!(reached[0], "a.skip");
    // The tree: down, fold, unfold.
    let level = "document.activeElement.getAttribute('aria-level')";
    let rows = "[...document.querySelectorAll('[role=treeitem]')].filter((it) => it.checkVisibility()).length";
    let all = browser.evaluate(rows).as_u64().unwrap();
    browser.press("ArrowDown");
    assert_eq!(browser.evaluate(level), "2");
    browser.press("Home");
    browser.press("ArrowLeft");
    assert_eq!(browser.evaluate(rows), 1);
    browser.press("ArrowRight");
    assert_eq!(browser.evaluate(rows).as_u64(), Some(all));
    browser.press("End");
    let selected = browser.evaluate("[document.activeElement.getAttribute('aria-selected'), document.querySelector('#waterfall .facts h4').textContent, document.activeElement.getAttribute('aria-label')]");
    assert_eq!(selected[0], "true");
    assert!(
        selected[2]
            .as_str()
            .unwrap()
            .starts_with(selected[1].as_str().unwrap()),
        "{selected}"
    );
}

fn everything_that_takes_the_focus_has_a_name(browser: &mut Browser) {
    let tree = browser.call("Accessibility.getFullAXTree", &json!({}));
    let mut named = 0;
    for node in tree["nodes"].as_array().unwrap() {
        let properties = node["properties"].as_array();
        let takes_focus = properties.is_some_and(|all| {
            all.iter()
                .any(|it| it["name"] == "focusable" && it["value"]["value"] == true)
        });
        if takes_focus && node["ignored"] == false && node["role"]["value"] != "RootWebArea" {
            let name = node["name"]["value"].as_str().unwrap_or_default();
            assert!(!name.trim().is_empty(), "{node}");
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}

#[test]
#[ignore = "needs a browser: `.ci/report` brings one"]
fn durations_are_rounded_as_the_summary_rounds_them() {
    let mut lines = Lines::default();
    for unit in [1_u64, 1_000, 1_000_000] {
        // Halves of the last digit, and what belongs to the next unit.
        for nanoseconds in [1_125, 3_125, 9_995, 12_250, 99_950, 100_500, 999_500] {
            let duration = nanoseconds * unit;
            for part in [duration - 1, duration, duration + 1] {
                lines.span(600_000, &format!("stage_{part}"), part);
            }
        }
    }
    let (dir, file) = lines.recording();
    let (mut browser, _) = opened(&file, dir.path());
    numbers_are_those_of_the_summary(&mut browser, &file);
}

#[test]
#[ignore = "needs a browser: `.ci/report` brings one"]
fn names_that_try_to_be_a_script_are_shown_as_text() {
    let hostile = "</script><img src=x onerror=alert(1)><script>document.title='mine'</script>";
    let (dir, file) = Lines::default()
        .span_with(1, hostile, 1_000, true, &[(hostile, hostile)])
        .edge(1, 1, ("2", "1"), Some(hostile))
        .recording();
    let (mut browser, _) = opened(&file, dir.path());
    assert_eq!(
        browser.evaluate("[document.images.length, document.scripts.length, document.title]"),
        json!([0, 2, "tickspan report"])
    );
    let shown = browser.evaluate(
        "[...document.querySelectorAll('#latency tbody th')].map((it) => it.textContent)",
    );
    assert_eq!(shown, json!([hostile]));
    // What somebody brought in all the same would neither run nor load.
    let blocked = browser.evaluate("new Promise((done) => { document.addEventListener('securitypolicyviolation', (it) => done(it.effectiveDirective)); const script = document.createElement('script'); script.textContent = 'document.title = 1'; document.body.append(script); })");
    assert_eq!(blocked, "script-src-elem");
    assert_eq!(browser.evaluate("document.title"), "tickspan report");
}

#[test]
#[ignore = "needs a browser: `.ci/report` brings one"]
fn days_are_told_apart_and_what_is_left_out_is_told() {
    let mut lines = Lines::default();
    let mut all = Vec::new();
    for number in 0..30 {
        // Ten hours apart.
        let time = number * 36_000_000;
        let mut latency = Lines::default();
        latency.latency(
            time,
            &[("received_to_checked", 900), ("checked_to_sent", 70)],
        );
        let latency = String::from_utf8(latency.0).unwrap();
        all.extend(
            latency
                .replace(r#""order""#, &format!(r#""path_{number:02}""#))
                .bytes(),
        );
        lines.span(time, "s", 1_000).edge(time, 1, ("2", "1"), None);
    }
    lines.0.extend(all);
    let (dir, file) = lines.recording();
    let (mut browser, _) = opened(&file, dir.path());
    let tiles =
        browser.evaluate("[...document.querySelectorAll('.tile dt')].map((it) => it.textContent)");
    let tiles = tiles.as_array().unwrap();
    assert_eq!(tiles.len(), 12);
    assert!(
        ["edges accepted", "time", "damaged"]
            .iter()
            .all(|it| tiles.contains(&json!(it))),
        "{tiles:?}"
    );
    let page = browser.evaluate("document.querySelector('main').textContent");
    assert!(page.as_str().unwrap().contains("12.1 days"));
    assert!(
        page.as_str()
            .unwrap()
            .contains("10 further paths had no room on this page")
    );
    let days = browser.evaluate("[...document.querySelectorAll('#traces tbody td:nth-child(4), #edges tbody td:nth-child(4)')].map((it) => it.textContent).filter((it) => it.includes(':')).map((it) => it.slice(0, 6))");
    let days = days.as_array().unwrap();
    assert!(
        days.len() > 3
            && days.iter().all(|it| it.as_str().unwrap().starts_with("11-")
                || it.as_str().unwrap().starts_with("12-")),
        "{days:?}"
    );
    let over_time = browser.evaluate("(() => { const it = [...document.querySelectorAll('#latency [role=slider]')].find((it) => it.getAttribute('aria-label') === 'Over time, stage s'); it.focus(); return it.getAttribute('aria-valuetext'); })()");
    assert!(
        over_time.as_str().unwrap().starts_with("11-21 "),
        "{over_time}"
    );
}
