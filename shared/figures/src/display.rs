//! Figures as the output of a notebook's cell.
//!
//! The Rust kernel for Jupyter (evcxr) shows the last expression of a cell by calling its method
//! `evcxr_display`, and takes what that prints between two marker lines as a piece of HTML. A figure is shown as the same SVG as in
//! a report. The HTML takes fonts from the page around it; a figure brings its own white ground.

use crate::{Figure, FigureError};

const STYLE: &str = "\
<style>
.lab-figure { width: fit-content; max-width: 100%; background: #fff; color: #1c1e21; }
.lab-figure svg { display: block; max-width: 100%; height: auto; }
</style>";

impl Figure {
    /// Shows the figure as the output of a notebook's cell, or says on standard error why it cannot
    /// be drawn.
    pub fn evcxr_display(&self) {
        match html(self) {
            Ok(html) => println!("{}", html_output(&html)),
            Err(fault) => eprintln!("the figure cannot be drawn: {fault}"),
        }
    }
}

fn html(figure: &Figure) -> Result<String, FigureError> {
    Ok(format!("{STYLE}\n<div class=\"lab-figure\">\n{}\n</div>", figure.to_svg()?.trim_end()))
}

/// A piece of HTML between the marks by which the kernel knows it.
pub fn html_output(html: &str) -> String {
    format!("EVCXR_BEGIN_CONTENT text/html\n{html}\nEVCXR_END_CONTENT")
}

/// Text that is not taken for HTML, and on one line so that it cannot be taken for a mark.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            other if other.is_control() => html.push(' '),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chart;

    #[test]
    fn a_figure_is_the_svg_of_the_reports() {
        let figure = Figure::new("Gap").panel(Chart::new().line("semi-dual", [(1.0, 0.5), (2.0, 0.25)]));
        let shown = html(&figure).unwrap();
        assert!(shown.contains(figure.to_svg().unwrap().trim_end()));
        assert_eq!(html(&Figure::new("nothing")), Err(FigureError::NoPanels));
    }
}
