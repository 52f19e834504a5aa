//! Text in columns, for the terminal.

/// How wide a line may be.
pub(super) const WIDTH: usize = 100;
/// Blanks between columns.
const GAP: usize = 2;

/// Rows in aligned columns; the last one is wrapped and goes on under itself.
pub(super) fn render<const N: usize>(indent: usize, rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    // A column with nothing in it takes no room.
    let rooms = widths.map(|width| if width == 0 { 0 } else { width + GAP });
    let last = N.saturating_sub(1);
    let margin = indent + rooms.iter().take(last).sum::<usize>();
    let mut text = String::new();
    for row in rows {
        let mut line = " ".repeat(indent);
        for (cell, room) in row.iter().zip(rooms).take(last) {
            line.push_str(&format!("{cell:room$}"));
        }
        let wrapped = row.last().map(|cell| wrap(cell, WIDTH.saturating_sub(margin))).unwrap_or_default();
        for (i, part) in wrapped.iter().enumerate() {
            if i > 0 {
                line = " ".repeat(margin);
            }
            text.push_str(format!("{line}{part}").trim_end());
            text.push('\n');
        }
    }
    text
}

/// A paragraph in lines of at most `width` characters, except for words that are longer; at least one line.
pub(super) fn wrap(paragraph: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "", "bcd"], ["efg", "", "h"]].map(|row| row.map(str::to_owned));
        assert_eq!(render(1, &rows), " a    bcd\n efg  h\n");
    }

    #[test]
    fn the_last_column_goes_on_under_itself() {
        let words = "word ".repeat(30);
        let text = render(0, &[["key".to_owned(), words]]);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("     word")), "{text}");
    }
}
