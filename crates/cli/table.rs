//! Text in columns, for the terminal.

/// How wide a line may be: as wide as the narrowest terminal in use.
pub(crate) const WIDTH: usize = 80;
/// Blanks between columns.
const GAP: usize = 2;

/// Rows in aligned columns; the last one is wrapped and goes on under itself.
pub(crate) fn render<const N: usize>(indent: usize, rows: &[[String; N]]) -> String {
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

/// Rows in aligned columns, those that are marked to the right; nothing is wrapped.
pub(crate) fn aligned<const N: usize>(indent: usize, right: [bool; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(widths).zip(right).filter(|((_, width), _)| *width > 0);
        let cells = cells.map(|((cell, width), right)| match right {
            true => format!("{cell:>width$}"),
            false => format!("{cell:width$}"),
        });
        let line = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
        format!("{}{}\n", " ".repeat(indent), line.trim_end())
    });
    lines.collect()
}

/// A paragraph in lines of at most `width` characters, except for words that are longer; at least one line.
pub(crate) fn wrap(paragraph: &str, width: usize) -> Vec<String> {
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
    fn marked_columns_stand_to_the_right() {
        let rows = [["a", "1", ""], ["bc", "23", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(1, [false, true, false], &rows), " a    1\n bc  23\n");
    }

    #[test]
    fn the_last_column_goes_on_under_itself() {
        let words = "word ".repeat(30);
        let text = render(0, &[["key".to_owned(), words]]);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("     word")), "{text}");
    }
}
