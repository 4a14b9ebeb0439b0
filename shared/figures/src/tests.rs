//! What holds for whole figures.

use ndarray::{Array2, Array3, array};
use proptest::prelude::*;

use crate::{Chart, Figure, FigureError, Heatmap, Image};

fn line() -> Chart {
    Chart::new()
        .x_label("k, nonzeros allowed per column")
        .y_label("gap <relative> & \"small\"")
        .line_with_markers("λ = 0.1", [(1.0, 0.1), (2.0, 0.01), (4.0, 1e-6)])
}

fn everything() -> Figure {
    let points = || (0..20).map(|i| (f64::from(i), f64::from(i * i)));
    let values = || (0..20).map(f64::from);
    Figure::new("All kinds of panels")
        .subtitle("m = n = 32")
        .panel(line().y_log())
        .panel(
            Chart::new()
                .line_with_band("band", points(), values(), values())
                .band("area", values(), values(), values())
                .error_bars("whiskers", points(), values(), values())
                .steps("steps", points())
                .scatter("points", points())
                .segments("plan", [((0.0, 0.0), (5.0, 40.0), 1.0), ((1.0, 0.0), (6.0, 40.0), 0.2)])
                .horizontal_reference("level", 30.0)
                .vertical_reference("", 3.0)
                .diagonal("y = x")
                .annotation(3.0, 30.0, "here"),
        )
        .panel(Chart::new().categories(["a", "b"]).bars("x", [1.0, 2.0]).bars_with_errors(
            "y",
            [2.0, 3.0],
            [1.0, 2.0],
            [3.0, 4.0],
        ))
        .panel(Chart::new().histogram("counts", values(), 7).binned("given", [0.0, 1.0, 5.0], [2.0, 3.0]))
        .panel(Heatmap::new(Array2::eye(5).view()).zero_white().value_label("T(i, j)"))
        .panel(Image::new(Array3::from_elem((4, 6, 3), 99).view()).caption("grey"))
}

/// Tags that are opened and not closed, or none if the nesting is wrong.
fn unclosed(svg: &str) -> Option<usize> {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1).map(|rest| rest.split_once('>').map(|(tag, _)| tag)) {
        let tag = tag?;
        let name = tag.trim_start_matches('/').split_whitespace().next()?;
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) if open.pop() != Some(name.to_string()) => return None,
            (false, false) => open.push(name.to_string()),
            _ => {}
        }
    }
    Some(open.len())
}

#[test]
fn the_same_figure_has_the_same_bytes() {
    assert_eq!(everything().to_svg(), everything().to_svg());
    assert_eq!(everything().to_png(), everything().to_png());
}

#[test]
fn svg_is_balanced_and_keeps_text() {
    let svg = everything().to_svg().expect("all panels are valid");
    assert_eq!(unclosed(&svg), Some(0));
    assert!(svg.starts_with("<svg ") && svg.contains("role=\"img\"") && svg.contains("viewBox=\"0 0 7200 "));
    assert_eq!(svg.matches("<svg ").count(), 1);
    for text in
        ["<title>All kinds of panels</title>", "m = n = 32", "k, nonzeros", "T(i, j)", "y = x", "grey"]
    {
        assert!(svg.contains(text), "{text}");
    }
    let escaped = Figure::new("").panel(line()).to_svg().expect("the chart is valid");
    assert!(escaped.contains("gap &lt;relative&gt; &amp; &quot;small&quot;"));
}

#[test]
fn png_has_two_pixels_per_px() {
    let figure = Figure::new("size").width(400.0).panel(line());
    let svg = figure.to_svg().expect("the chart is valid");
    let file = figure.to_png().expect("the chart is valid");
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("a PNG header");
    let (width, height) = reader.info().size();
    assert_eq!(width, 800);
    assert!(svg.contains(&format!("width=\"400\" height=\"{}\"", height / 2)));
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    reader.next_frame(&mut pixels).expect("PNG data");
    assert_eq!(pixels[..3], [255, 255, 255]);
    assert!(pixels.chunks(3).any(|pixel| pixel == [0x00, 0x72, 0xb2]));
}

/// matplotlib's viridis is (33, 145, 140) in the middle and (253, 231, 37) at the end; here it is
/// interpolated between eight of its colours, which moves no channel by more than 2. NaN is grey.
#[test]
fn cells_have_the_colours_of_their_values() {
    let matrix = array![[0.0, 1.0], [f64::NAN, 0.5]];
    let file =
        Figure::new("").width(300.0).panel(Heatmap::new(matrix.view()).zero_white()).to_png().expect("valid");
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("a PNG header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    reader.next_frame(&mut pixels).expect("PNG data");
    for color in [[253, 231, 37], [0xbd, 0xbd, 0xbd], [33, 145, 140]] {
        let near = |pixel: &[u8]| pixel.iter().zip(color).all(|(a, b)| a.abs_diff(b) <= 2);
        let count = pixels.chunks(3).filter(|pixel| near(pixel)).count();
        assert!(count > 5000, "{color:?}: {count}");
    }
}

#[test]
fn faults_name_the_culprit() {
    let fault =
        |chart: Chart| Figure::new("").panel(chart).to_svg().expect_err("the chart is faulty").to_string();
    assert_eq!(Figure::new("t").to_svg(), Err(FigureError::NoPanels));
    assert_eq!(fault(Chart::new().title("t")), "the panel \"t\" has nothing to show");
    assert_eq!(fault(line().line("b", [])), "the series \"b\" has no points");
    assert_eq!(fault(line().line("", [])), "the series \"number 2\" has no points");
    assert_eq!(fault(Chart::new().histogram("h", [f64::NAN], 3)), "the series \"h\" has no points");
    assert_eq!(
        fault(Chart::new().line_with_band("a", [(0.0, 1.0)], [0.5], [])),
        "\"a\" has 0 upper ends, expected 1"
    );
    assert_eq!(fault(Chart::new().binned("h", [0.0, 1.0], [1.0, 2.0])), "\"h\" has 2 edges, expected 3");
    assert_eq!(fault(line().x_range(2.0, 1.0)), "the x axis cannot go from 2 to 1");
    assert_eq!(fault(line().y_range(0.0, f64::NAN)), "the y axis cannot go from 0 to NaN");
    assert_eq!(fault(line().y_log().y_range(0.0, 1.0)), "the y axis cannot go from 0 to 1");
    let wide = Figure::new("").width(f64::INFINITY).panel(line());
    assert!(matches!(wide.to_svg(), Err(FigureError::BadSize { what: "width", .. })));
    let map = Heatmap::new(array![[1.0, 2.0]].view()).x_categories(["only one"]);
    assert!(matches!(
        Figure::new("").panel(map).to_svg(),
        Err(FigureError::LengthMismatch { expected: 2, .. })
    ));
    let empty = Heatmap::new(Array2::zeros((0, 3)).view());
    assert!(matches!(Figure::new("").panel(empty).to_svg(), Err(FigureError::EmptyPanel { .. })));
    let gray = Image::new(Array3::zeros((2, 2, 1)).view());
    assert!(matches!(
        Figure::new("").panel(gray).to_svg(),
        Err(FigureError::LengthMismatch { found: 1, .. })
    ));
}

#[test]
fn equal_charts_share_one_legend() {
    let both = Figure::new("").panel(line().title("A")).panel(line().title("B")).to_svg().expect("valid");
    assert_eq!(both.matches("λ = 0.1").count(), 1);
    let other = line().line("another", [(1.0, 1.0)]);
    let apart = Figure::new("").panel(line()).panel(other).to_svg().expect("valid");
    assert_eq!(apart.matches("λ = 0.1").count(), 2);
}

#[test]
fn values_that_cannot_be_drawn_leave_a_gap() {
    let strokes = |y: [f64; 5]| {
        let chart = Chart::new()
            .y_log()
            .y_range(0.5, 20.0)
            .line("", y.into_iter().enumerate().map(|(x, y)| (x as f64, y)));
        Figure::new("").panel(chart).to_svg().expect("valid").matches("stroke=\"#0072B2\"").count()
    };
    assert_eq!(strokes([1.0, 2.0, 3.0, 4.0, 5.0]), 1);
    for gap in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e301] {
        assert_eq!(strokes([1.0, 2.0, gap, 4.0, 5.0]), 2, "{gap}");
    }
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -10.0..10.0,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![
            0.0, -0.0, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324,
            1e300, -1e300, 1e-300, 1.0 + f64::EPSILON, 1e16,
        ]),
    ]
}

fn chart() -> impl Strategy<Value = Chart> {
    let range = || prop::option::weighted(0.2, (value(), value()));
    let points = prop_oneof![
        4 => prop::collection::vec((value(), value()), 1..12),
        1 => (value(), 1usize..5).prop_map(|(same, count)| vec![(same, same); count]),
    ];
    (points, any::<[bool; 5]>(), range(), range(), ".{0,40}", 0usize..40).prop_map(
        |(points, [x_log, y_log, equal, names, right], x_range, y_range, text, slot)| {
            let ys = || points.iter().map(|point| point.1);
            let xs = || points.iter().map(|point| point.0);
            let mut chart = Chart::new()
                .title(text.as_str())
                .x_label(text.as_str())
                .y_label(text.as_str())
                .line_with_band(text.as_str(), points.clone(), xs(), ys())
                .line_with_markers("a", points.clone())
                .styled_as(slot)
                .error_bars("b", points.clone(), xs(), ys())
                .steps("c", points.clone())
                .bars_with_errors("d", ys(), xs(), ys())
                .histogram("e", ys().chain([0.0]), slot)
                .binned("f", xs().chain([1.0]), ys())
                .segments("g", points.iter().map(|&(x, y)| ((x, y), (y, x), x)))
                .horizontal_reference("h", points[0].1)
                .vertical_reference("i", points[0].0)
                .diagonal("j")
                .annotation(points[0].0, points[0].1, text.as_str());
            if x_log {
                chart = chart.x_log();
            }
            if y_log {
                chart = chart.y_log();
            }
            if equal {
                chart = chart.equal_aspect();
            }
            if names {
                chart = chart.categories([text.as_str(), "b"]).y_ticks(ys());
            } else {
                chart = chart.x_ticks(xs());
            }
            if right {
                chart = chart.legend_right();
            }
            if let Some((low, high)) = x_range {
                chart = chart.x_range(low, high);
            }
            if let Some((low, high)) = y_range {
                chart = chart.y_range(low, high);
            }
            chart
        },
    )
}

fn heatmap() -> impl Strategy<Value = Heatmap> {
    let values = (1usize..6, 1usize..6).prop_flat_map(|(rows, columns)| {
        prop::collection::vec(value(), rows * columns)
            .prop_map(move |v| Array2::from_shape_vec((rows, columns), v).expect("one value per cell"))
    });
    (values, any::<[bool; 5]>(), prop::option::of([value(), value(), value(), value()])).prop_map(
        |(values, [log, diverging, zero_white, range, extent], numbers)| {
            let mut map = Heatmap::new(values.view()).value_label("v");
            for (wanted, change) in [
                (log, Heatmap::log_scale as fn(Heatmap) -> Heatmap),
                (diverging, Heatmap::diverging),
                (zero_white, Heatmap::zero_white),
            ] {
                map = if wanted { change(map) } else { map };
            }
            if let Some([a, b, c, d]) = numbers {
                map = if range { map.value_range(a, b) } else { map };
                map = if extent { map.extent((a, b), (c, d)) } else { map };
            }
            map
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Any input gives a balanced document or one of the documented faults, never a panic, and no
    /// coordinate far off the page.
    #[test]
    fn no_input_panics(chart in chart(), map in heatmap(), width in 200.0..900.0f64, columns in 1usize..3) {
        let figure = Figure::new("t").width(width).columns(columns).panel(chart).panel(map);
        match figure.to_svg() {
            Ok(svg) => {
                prop_assert_eq!(unclosed(&svg), Some(0));
                prop_assert!(!svg.contains(|c: char| c.is_control() && c != '\n'));
                for coordinate in svg.split("points=\"").skip(1).flat_map(|rest| rest.split('"').next()) {
                    for number in coordinate.split([',', ' ']).filter(|number| !number.is_empty()) {
                        let number: i64 = number.parse().expect("a whole number");
                        prop_assert!((-100..60_000).contains(&number), "{}", number);
                    }
                }
            }
            Err(FigureError::BadRange { .. } | FigureError::BadSize { .. }) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_input_panics_the_bitmap(chart in chart(), map in heatmap()) {
        let figure = Figure::new("t").width(300.0).columns(1).panel_height(150.0).panel(chart).panel(map);
        prop_assert_eq!(figure.to_png().is_ok(), figure.to_svg().is_ok());
    }
}
