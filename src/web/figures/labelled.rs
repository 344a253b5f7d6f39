//! Tables with the name of the column in each cell, for screens that are too narrow for columns.

/// Writes into each cell of the body of a table the head of its column as `data-label`. The markup is our own: heads hold
/// text and tags without nested cells.
pub fn labelled(table: &str) -> String {
    let Some((head, body)) = table.split_once("</thead>") else {
        return table.to_owned();
    };
    let heads: Vec<String> = head.split("<th").skip(2).map(words).collect();
    let mut out = String::with_capacity(table.len() * 2);
    out.push_str(head);
    out.push_str("</thead>");
    let (mut rest, mut column) = (body, 0);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let cell = ["<td", "<th"].into_iter().find(|name| {
            let after = tag.strip_prefix(name);
            after.is_some_and(|after| after.starts_with([' ', '>']))
        });
        match cell {
            Some(name) => {
                out.push_str(name);
                // A cell over several columns belongs to none of them.
                let is_wide = tag
                    .split('>')
                    .next()
                    .is_some_and(|tag| tag.contains(" colspan="));
                let label = heads.get(column).filter(|label| !label.is_empty());
                if let Some(label) = label.filter(|_| !is_wide) {
                    out.push_str(" data-label=\"");
                    out.push_str(label);
                    out.push('"');
                }
                column += 1;
                rest = &tag[name.len()..];
            }
            None => {
                if tag.starts_with("<tr") {
                    column = 0;
                }
                out.push('<');
                rest = &tag[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The text of a head of a table, which follows `<th`.
fn words(head: &str) -> String {
    let cell = head.split("</th>").next().unwrap_or_default();
    let text = cell.split_once('>').map_or("", |(_, text)| text);
    let mut words = String::new();
    let mut inside = false;
    for letter in text.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            '"' if !inside => words.push_str("&quot;"),
            letter if !inside => words.push(letter),
            _ => {}
        }
    }
    words.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e12_each_cell_of_a_table_says_which_column_it_is_of() {
        let table = "<thead><tr><th scope=\"col\">Who</th><th scope=\"col\" class=\"num\">To “be” <b>told</b></th><th>\"</th></tr></thead>\
            <tbody><tr><th scope=\"row\">Ana<p>x</p></th><td class=\"num\">1</td><td></td></tr><tr><th>Bo</th><td>2</td></tr></tbody>";
        let labelled = labelled(table);
        for cell in [
            "<th data-label=\"Who\" scope=\"row\">Ana<p>x</p></th>",
            "<td data-label=\"To “be” told\" class=\"num\">1</td>",
            "<td data-label=\"&quot;\"></td>",
            "<td data-label=\"To “be” told\">2</td>",
        ] {
            assert!(labelled.contains(cell), "{labelled}");
        }
        assert_eq!(labelled.matches("data-label").count(), 5);
    }
}
