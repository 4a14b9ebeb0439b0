//! From a page's structs to its HTML: what they must fulfil, and the templates that show them.

use std::collections::HashSet;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Template, UndefinedBehavior, Value, context};
use serde::Serialize;
use serde_json::Value as Json;

use super::{IndexPage, PageError, PaperPage, Verdict, claim_anchor, experiment_anchor};

const TEMPLATES: [(&str, &str); 7] = [
    ("style.css", include_str!("../../templates/style.css")),
    ("layout.html", include_str!("../../templates/layout.html")),
    ("parts.html", include_str!("../../templates/parts.html")),
    ("claim.html", include_str!("../../templates/claim.html")),
    ("experiment.html", include_str!("../../templates/experiment.html")),
    ("paper.html", include_str!("../../templates/paper.html")),
    ("index.html", include_str!("../../templates/index.html")),
];

/// The page of a paper.
///
/// # Errors
/// If an id or path is malformed, two anchors are the same, a claim names an unknown experiment, a row does not fit
/// its table's columns, or a figure has no alternative text.
pub fn paper_page(page: &PaperPage) -> Result<String, PageError> {
    let mut anchors = HashSet::new();
    check_id(&page.id)?;
    if let Some(link) = page
        .link
        .as_ref()
        .filter(|link| !["https://", "http://"].iter().any(|scheme| link.starts_with(scheme)))
    {
        return Err(PageError::Link(link.clone()));
    }
    check_paths(
        page.other_profiles.iter().map(|other| &other.href).chain(&page.notebook).chain(&page.index),
    )?;
    for experiment in &page.experiments {
        add_anchor(&mut anchors, &experiment.id, experiment_anchor(&experiment.id))?;
        check_paths([&experiment.run_json])?;
        for figure in &experiment.figures {
            add_anchor(&mut anchors, &figure.id, format!("figure-{}-{}", experiment.id, figure.id))?;
            check_paths([&figure.svg, &figure.png])?;
            check_alternative_text(&figure.svg, &figure.alternative_text)?;
        }
        for table in &experiment.tables {
            add_anchor(&mut anchors, &table.id, format!("table-{}-{}", experiment.id, table.id))?;
            check_paths([&table.csv, &table.parquet])?;
            if let Some(row) = table.rows.iter().find(|row| row.len() != table.columns.len()) {
                return Err(PageError::Row(table.id.clone(), row.len(), table.columns.len()));
            }
        }
    }
    for claim in &page.claims {
        add_anchor(&mut anchors, &claim.id, claim_anchor(&claim.id))?;
        check_paths(claim.figure.iter().chain(&claim.timing_link))?;
        if let Some(id) = claim.experiment.as_ref().filter(|id| !anchors.contains(&experiment_anchor(id))) {
            return Err(PageError::UnknownExperiment(claim.id.clone(), id.clone()));
        }
    }
    render("paper.html", page)
}

/// The scoreboard.
///
/// # Errors
/// If an id or path is malformed, two papers have the same id, or a figure has no alternative text.
pub fn index_page(page: &IndexPage) -> Result<String, PageError> {
    let mut anchors = HashSet::new();
    for paper in &page.papers {
        add_anchor(&mut anchors, &paper.id, format!("paper-{}", paper.id))?;
        check_paths(paper.claims.iter().map(|claim| &claim.href).chain([&paper.href]))?;
        check_paths(paper.ratios.iter().map(|ratio| &ratio.href))?;
        if let Some(figure) = &paper.figure {
            check_paths([&figure.path])?;
            check_alternative_text(&figure.path, &figure.alternative_text)?;
        }
    }
    render("index.html", page)
}

fn check_id(id: &str) -> Result<(), PageError> {
    let fits =
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if fits { Ok(()) } else { Err(PageError::Id(id.to_owned())) }
}

fn add_anchor(anchors: &mut HashSet<String>, id: &str, anchor: String) -> Result<(), PageError> {
    check_id(id)?;
    match anchors.replace(anchor) {
        None => Ok(()),
        Some(same) => Err(PageError::SameAnchor(same)),
    }
}

/// A page by a template of the caller's, which may extend `layout.html` and import the macros of `parts.html`; it sees the structure as
/// `page`.
///
/// # Errors
/// If the template is malformed, or names something that the page does not have.
pub fn page_by(template: &str, page: &impl Serialize) -> Result<String, PageError> {
    rendered(&environment()?.template_from_str(template)?, page)
}

fn check_paths<'a>(paths: impl IntoIterator<Item = &'a String>) -> Result<(), PageError> {
    let fits = |path: &String| {
        let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./~#".contains(&byte));
        plain && !path.is_empty() && !path.starts_with('/')
    };
    paths.into_iter().find(|path| !fits(path)).map_or(Ok(()), |path| Err(PageError::Path(path.clone())))
}

fn check_alternative_text(figure: &str, text: &str) -> Result<(), PageError> {
    if text.trim().is_empty() { Err(PageError::AlternativeText(figure.to_owned())) } else { Ok(()) }
}

fn render(name: &str, page: &impl Serialize) -> Result<String, PageError> {
    rendered(&environment()?.get_template(name)?, page)
}

fn environment() -> Result<Environment<'static>, PageError> {
    let mut environment = Environment::new();
    let syntax =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?;
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Templates are pages, whatever their name.
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

fn rendered(template: &Template<'_, '_>, page: &impl Serialize) -> Result<String, PageError> {
    let page = serde_json::to_value(page).expect("a page holds texts, numbers and flags, which JSON can");
    let verdicts = [Verdict::Reproduced, Verdict::Partly, Verdict::NotReproduced, Verdict::NotTested];
    let verdicts: Value = verdicts.iter().map(Verdict::to_string).collect();
    let html = template.render(context! { page => value(page), verdicts })?;
    // The escaped slash is correct and unreadable; texts cannot hold this sequence, since their & is escaped.
    Ok(html.replace("&#x2f;", "/"))
}

fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(flag) => Value::from(flag),
        Json::Number(number) => number.as_u64().map_or_else(|| Value::from(number.as_f64()), Value::from),
        Json::String(text) => Value::from(text),
        Json::Array(items) => items.into_iter().map(value).collect(),
        Json::Object(fields) => {
            Value::from_pairs(fields.into_iter().map(|(name, field)| (name, value(field))))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;

    /// Fields that hold names: ids, paths, addresses and verdicts. All other strings are texts.
    const NAMES: [&str; 15] = [
        "id",
        "href",
        "link",
        "notebook",
        "index",
        "experiment",
        "figure",
        "timing_link",
        "run_json",
        "svg",
        "png",
        "csv",
        "parquet",
        "path",
        "verdict",
    ];

    fn paper() -> Json {
        let experiment = json!({
            "id": "fig4", "title": "Speed", "question": "How fast?", "other_sources": 2, "failures": ["out of memory"], "revision": 3,
            "cells": { "done": 5, "skipped": 1, "diverged": 1, "timed_out": 1, "failed": 1, "missing": 1 },
            "run_json": "fig4/run.json",
            "figures": [{
                "id": "time", "svg": "fig4/time.svg", "png": "fig4/time.png", "caption": "Time against size",
                "alternative_text": "Two rising lines", "timing": true,
            }],
            "tables": [{
                "id": "times", "caption": "All times", "csv": "fig4/times.csv", "parquet": "fig4/times.parquet",
                "columns": [
                    { "name": "method", "unit": null, "meaning": null, "numeric": false },
                    { "name": "time", "unit": "s", "meaning": "processor time", "numeric": true },
                ],
                "rows": [["Sinkhorn", "0.25"]], "rows_in_total": 480, "timing": false,
            }],
        });
        let claim = |id: &str, verdict: &str| {
            json!({
                "id": id, "statement": "Sinkhorn is faster", "place": "Figure 4", "paper_value": "100",
                "our_value": "214 (187–243)", "rule": "the interval lies above 100", "verdict": verdict,
                "reason": "2 of 3 sizes", "experiment": "fig4", "figure": "fig4/time.png",
                "timing_link": "fig4/times.csv",
            })
        };
        json!({
            "id": "sinkhorn", "title": "Sinkhorn Distances", "authors": "Marco Cuturi", "venue": "NIPS",
            "year": 2013, "link": "https://arxiv.org/abs/1306.0895?a=1&b=2", "summary": "Entropy helps.",
            "profile": "quick", "seed": u64::MAX, "version": "0.1.0", "partial": true,
            "open_questions": ["the stopping rule"], "data": "MNIST", "notebook": "../../papers/sinkhorn/notebook.ipynb",
            "other_profiles": [{ "label": "Full profile", "href": "full/index.html" }], "index": "../index.html",
            "claims": [claim("a", "reproduced"), claim("b", "partly"), claim("c", "not reproduced"), claim("d", "not tested")],
            "experiments": [experiment],
        })
    }

    fn index() -> Json {
        json!({
            "title": "Executable papers", "introduction": "What holds.",
            "papers": [{
                "id": "sinkhorn", "title": "Sinkhorn Distances", "authors": "Marco Cuturi", "venue": "NIPS",
                "year": 2013, "href": "sinkhorn/index.html", "profile": "full", "shows": "Entropy makes transport fast",
                "ratios": [{
                    "contest": "plans", "words": "12×", "package": "POT", "href": "rivals/index.html#sinkhorn-plans", "loss": false,
                }],
                "claims": [{
                    "id": "a", "statement": "Sinkhorn is faster", "verdict": "partly",
                    "href": "sinkhorn/index.html#claim-a",
                }],
                "figure": { "path": "sinkhorn/fig4/time.svg", "alternative_text": "Two rising lines" },
            }],
        })
    }

    fn of<T: DeserializeOwned>(page: &Json) -> T {
        serde_json::from_value(page.clone()).unwrap()
    }

    fn paper_html(page: &Json) -> Result<String, PageError> {
        paper_page(&of(page))
    }

    fn index_html(page: &Json) -> Result<String, PageError> {
        index_page(&of(page))
    }

    /// Calls `visit` with each string of a page and the field it stands in.
    fn strings(field: &str, page: &mut Json, visit: &mut impl FnMut(&str, &mut String)) {
        match page {
            Json::String(text) => visit(field, text),
            Json::Array(items) => items.iter_mut().for_each(|item| strings(field, item, visit)),
            Json::Object(fields) => fields.iter_mut().for_each(|(name, value)| strings(name, value, visit)),
            _ => {}
        }
    }

    /// The values of an attribute.
    fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
        let opening = format!(" {name}=\"");
        html.split(&opening).skip(1).map(|rest| &rest[..rest.find('"').unwrap()]).collect()
    }

    #[test]
    fn every_text_is_shown_and_escaped() {
        for (mut page, html_of) in [(paper(), paper_html as fn(&Json) -> _), (index(), index_html)] {
            let mut texts = 0;
            strings("", &mut page, &mut |field, text| {
                if !NAMES.contains(&field) {
                    texts += 1;
                    *text = format!("<b>{texts}&\"'</b>");
                }
            });
            let html = html_of(&page).unwrap();
            assert!(texts > 6);
            for text in 1..=texts {
                let escaped = format!("&lt;b&gt;{text}&amp;&quot;&#x27;&lt;/b&gt;");
                assert!(html.contains(&escaped), "text {text} of {page:#}");
            }
            assert!(!html.contains("<b>"));
        }
    }

    #[test]
    fn every_address_is_given_or_an_anchor_of_the_page() {
        for (mut page, html) in [(paper(), paper_html(&paper())), (index(), index_html(&index()))] {
            let html = html.unwrap();
            let ids = attributes(&html, "id");
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id stands twice");
            let mut given = BTreeSet::new();
            let mut link = String::from("http");
            strings("", &mut page, &mut |field, text| {
                if NAMES.contains(&field) {
                    given.insert(text.replace('&', "&amp;"));
                }
                if field == "link" {
                    link = text.replace('&', "&amp;");
                }
            });
            let addresses = [attributes(&html, "href"), attributes(&html, "src")].concat();
            for address in
                addresses.iter().filter(|address| !address.starts_with("data:image/svg+xml;base64,"))
            {
                match address.strip_prefix('#') {
                    Some(anchor) => assert!(ids.contains(&anchor), "no anchor {address}"),
                    None => assert!(given.contains(*address), "{address} was not given"),
                }
            }
            for label in attributes(&html, "aria-labelledby") {
                assert!(ids.contains(&label), "no label {label}");
            }
            assert!(!html.replace(&link, "").contains("http"), "an address beside the paper's own");
            assert!(!html.contains("<script") && !html.contains("url("));
        }
    }

    #[test]
    fn a_claim_links_to_its_figure_on_the_page_or_to_the_file() {
        let mut page = paper();
        assert!(paper_html(&page).unwrap().contains("<a href=\"#figure-fig4-time\">Figure</a>"));
        page["claims"][0]["figure"] = json!("elsewhere.svg");
        assert!(paper_html(&page).unwrap().contains("<a href=\"elsewhere.svg\">Figure</a>"));
    }

    #[test]
    fn verdicts_are_words_with_symbols() {
        let html = paper_html(&paper()).unwrap();
        for (verdict, class) in [
            (Verdict::Reproduced, "reproduced"),
            (Verdict::Partly, "partly"),
            (Verdict::NotReproduced, "not-reproduced"),
            (Verdict::NotTested, "not-tested"),
        ] {
            let word = verdict.to_string();
            assert_eq!(json!(verdict), json!(word));
            let chips: Vec<&str> = html.split(&format!("class=\"chip {class}\">")).skip(1).collect();
            assert_eq!(chips.len(), 2, "one in the count, one at the claim");
            assert!(chips.iter().all(|chip| chip.starts_with("<svg class=\"symbol\"")));
            assert!(chips[0].split("</span>").next().unwrap().ends_with(&format!("</svg>1 {word}")));
            let shown = chips[1].split("</span>").next().unwrap().to_lowercase();
            assert!(shown.ends_with(&format!("</svg>{word}")));
        }
        let chip = "<a class=\"chip partly\" href=\"sinkhorn/index.html#claim-a\">";
        assert!(index_html(&index()).unwrap().contains(chip));
    }

    #[test]
    fn tags_are_balanced() {
        let (paper, index) = (paper_html(&paper()).unwrap(), index_html(&index()).unwrap());
        for html in [paper, index, minimal_paper(), minimal_index()] {
            let mut open = Vec::new();
            for piece in html.split('<').skip(1) {
                let (tag, _) = piece.split_once('>').expect("a tag ends");
                let name = tag.split([' ', '\n', '/']).next().unwrap();
                match tag.strip_prefix('/') {
                    Some(closed) => assert_eq!(open.pop(), Some(closed)),
                    None if ["!DOCTYPE", "meta", "link", "img", "wbr"].contains(&name)
                        || tag.ends_with('/') => {}
                    None => open.push(name),
                }
            }
            assert_eq!(open, [""; 0]);
        }
    }

    fn minimal_paper() -> String {
        let mut page: PaperPage = of(&paper());
        (page.link, page.notebook, page.index, page.partial) = (None, None, None, false);
        page.claims.truncate(1);
        let claim = &mut page.claims[0];
        (claim.paper_value, claim.our_value, claim.reason) = (None, None, None);
        (claim.experiment, claim.figure, claim.timing_link) = (None, None, None);
        page.open_questions.clear();
        page.experiments.clear();
        page.other_profiles.clear();
        paper_page(&page).unwrap()
    }

    fn minimal_index() -> String {
        index_page(&IndexPage { title: "Papers".into(), introduction: "None yet.".into(), papers: vec![] })
            .unwrap()
    }

    #[test]
    fn what_is_absent_is_left_out() {
        let html = minimal_paper();
        for absent in
            ["id=\"experiments\"", "id=\"open-questions\"", "Partial run", "<img", "<table", "http", ">none<"]
        {
            assert!(!html.contains(absent), "{absent}");
        }
        assert!(html.contains("gives no number") && html.contains("no value"));
        assert!(minimal_index().contains("0 papers, 0 claims"));
    }

    #[test]
    fn partial_runs_cells_and_cut_tables_are_said() {
        let html = paper_html(&paper()).unwrap();
        for said in [
            "Partial run.",
            "10 cells: 5 measured, 1 skipped, 1 diverged, 1 timed out, 1 failed, 1 missing.",
            "2 cells of these come from other sources",
            "First 1 row of 480, all in the files:",
            "Verdicts of the quick profile.",
            "18446744073709551615",
        ] {
            assert!(html.contains(said), "{said}");
        }
    }

    #[test]
    fn the_same_page_has_the_same_bytes() {
        let page: PaperPage = of(&paper());
        let stored = serde_json::to_string(&page).unwrap();
        let again: PaperPage = serde_json::from_str(&stored).unwrap();
        assert_eq!(page, again);
        assert_eq!(paper_page(&page).unwrap(), paper_page(&again).unwrap());
    }

    #[test]
    fn faults_are_named() {
        for (pointer, wrong, fault) in [
            ("/id", json!("a b"), "id \"a b\": expected ASCII letters, digits, '-', '_' or '.'"),
            ("/claims/1/id", json!("a"), "two things on the page would be #claim-a: ids must differ"),
            ("/claims/0/experiment", json!("fig5"), "claim a: no experiment \"fig5\" on the page"),
            (
                "/link",
                json!("javascript:alert(1)"),
                "link \"javascript:alert(1)\": expected an https:// or http:// address",
            ),
            (
                "/experiments/0/tables/0/rows/0",
                json!(["Sinkhorn"]),
                "table times: a row has 1 values for 2 columns",
            ),
            (
                "/experiments/0/figures/0/alternative_text",
                json!(" "),
                "figure fig4/time.svg: no alternative text",
            ),
        ] {
            let mut page = paper();
            *page.pointer_mut(pointer).unwrap() = wrong;
            assert_eq!(paper_html(&page).unwrap_err().to_string(), fault);
        }
        for wrong in [
            "",
            "/etc/passwd",
            "//example.org/a.svg",
            "https://example.org",
            "a b.svg",
            "a?b",
            "a%20b",
            "a\\b",
        ] {
            let mut page = paper();
            page["experiments"][0]["figures"][0]["svg"] = json!(wrong);
            assert!(matches!(paper_html(&page), Err(PageError::Path(path)) if path == wrong));
            let mut page = index();
            page["papers"][0]["figure"]["path"] = json!(wrong);
            assert!(matches!(index_html(&page), Err(PageError::Path(path)) if path == wrong));
        }
    }
}
