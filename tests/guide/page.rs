//! A page as the test sees it: files to be written and commands to be run, in order.

/// What a page asks for.
pub(super) struct Page {
    pub(super) pieces: Vec<Piece>,
}

/// One file or one command.
pub(super) struct Piece {
    /// Where it begins.
    pub(super) line: usize,
    pub(super) what: What,
}

pub(super) enum What {
    /// A block whose first line says ```` ```toml file=NAME ````.
    File { name: String, text: String },
    /// A line after `$ ` in a `console` block, with those below it up to the next; or a step of a job in a `yaml` block.
    Command { command: String, expected: String },
}

impl Page {
    /// # Errors
    /// Where a block has no end, with its line.
    pub(super) fn read(text: &str) -> Result<Page, String> {
        let mut pieces = Vec::new();
        let mut lines = text.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            let Some(info) = line.trim_start().strip_prefix("```") else { continue };
            let indent = line.len() - line.trim_start().len();
            let mut body = Vec::new();
            loop {
                match lines.next() {
                    None => return Err(format!("{}: this block has no end", at + 1)),
                    Some((_, line)) if line.trim() == "```" => break,
                    Some((at, line)) => body.push((at + 1, line.get(indent..).unwrap_or_default())),
                }
            }
            if let Some(name) = info.split_whitespace().find_map(|word| word.strip_prefix("file=")) {
                let text = body.iter().map(|(_, line)| format!("{line}\n")).collect();
                pieces.push(Piece { line: at + 1, what: What::File { name: name.to_owned(), text } });
            } else if info.trim() == "console" {
                commands(&body, &mut pieces);
            } else if info.trim() == "yaml" {
                jobs(&body, &mut pieces);
            }
        }
        Ok(Page { pieces })
    }
}

fn commands(body: &[(usize, &str)], pieces: &mut Vec<Piece>) {
    let mut goes_on = false;
    for (at, line) in body {
        match (pieces.last_mut().map(|piece| &mut piece.what), line.strip_prefix("$ ")) {
            (_, Some(command)) => {
                let what = What::Command { command: command.to_owned(), expected: String::new() };
                pieces.push(Piece { line: *at, what });
            }
            (Some(What::Command { command, .. }), None) if goes_on => {
                command.push('\n');
                command.push_str(line);
            }
            (Some(What::Command { expected, .. }), None) => {
                expected.push_str(line);
                expected.push('\n');
            }
            // Text above the first command says nothing of any.
            _ => {}
        }
        goes_on = line.ends_with('\\');
    }
}

/// The steps of a CI job that call squall.
fn jobs(body: &[(usize, &str)], pieces: &mut Vec<Piece>) {
    for (at, line) in body {
        let step = line.trim().trim_start_matches("- ");
        let command = step.strip_prefix("run: ").unwrap_or(step);
        if command.starts_with("squall ") {
            let what = What::Command { command: command.to_owned(), expected: String::new() };
            pieces.push(Piece { line: *at, what });
        }
    }
}

#[test]
fn files_commands_and_what_they_print_are_told_apart() {
    let text = "\
# A page
```toml file=a.toml
x = 1
```
- in a list:
  ```console
  $ one \\
      more
  $ two
  printed

  $ three
  ```
```rust
$ not one
```
```yaml
steps:
  - run: squall check
  - run: cargo build
script:
  - squall run
```
";
    let pieces = Page::read(text).expect("a page").pieces;
    let seen: Vec<_> = pieces
        .iter()
        .map(|Piece { line, what }| match what {
            What::File { name, text } => (*line, name.as_str(), text.as_str()),
            What::Command { command, expected } => (*line, command.as_str(), expected.as_str()),
        })
        .collect();
    let expected = [
        (2, "a.toml", "x = 1\n"),
        (7, "one \\\n    more", ""),
        (9, "two", "printed\n\n"),
        (12, "three", ""),
        (19, "squall check", ""),
        (22, "squall run", ""),
    ];
    assert_eq!(seen, expected);
    assert!(Page::read("```console\n$ squall").is_err());
}
