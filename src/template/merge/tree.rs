//! A template as a tree of blocks and inlines, from which both parts of the mail are written.

use super::condition::Condition;
use super::placeholder::Placeholder;

/// A piece of the page that starts on its own line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    Paragraph(Vec<Inline>),
    /// The text of an item in a list without blank lines.
    Line(Vec<Inline>),
    Heading(u8, Vec<Inline>),
    List(List),
    Quote(Vec<Block>),
    Code(Vec<Inline>),
    Rule,
    /// This person's guidance, an ordered list.
    Guidance,
    /// Shown to people in any of these cases.
    If(Vec<Condition>, Vec<Block>),
    /// A block marker alone on its line; gone once the tree is folded.
    Edge(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct List {
    /// The first number, if it is numbered.
    pub(super) start: Option<u64>,
    pub(super) items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    /// Shown to people in any of these cases; to all if empty.
    pub(super) any: Vec<Condition>,
    pub(super) blocks: Vec<Block>,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Inline {
    Text(String),
    Value(Placeholder),
    /// Where the reader checks a notice code.
    CheckAddress,
    Strong(Vec<Inline>),
    Emphasis(Vec<Inline>),
    Code(Vec<Inline>),
    Link {
        address: Vec<Inline>,
        label: Vec<Inline>,
    },
    Break,
    If(Vec<Condition>, Vec<Inline>),
    /// Guidance amid a paragraph, which is then cut there; gone once the tree is folded.
    Guidance(usize),
    /// A block marker in a line; gone once the tree is folded.
    Edge(usize),
}

/// What can stand between `{{#if}}` and `{{/if}}`.
pub(super) trait Node: Sized {
    /// The token, if this is a block marker.
    fn edge(&self) -> Option<usize>;
    /// These nodes, shown only to people in any of the cases.
    fn when(any: &[Condition], nodes: Vec<Self>) -> Self;
}

impl Node for Inline {
    fn edge(&self) -> Option<usize> {
        match self {
            Self::Edge(token) => Some(*token),
            _ => None,
        }
    }

    fn when(any: &[Condition], nodes: Vec<Self>) -> Self {
        Self::If(any.to_vec(), nodes)
    }
}

impl Node for Block {
    fn edge(&self) -> Option<usize> {
        match self {
            Self::Edge(token) => Some(*token),
            _ => None,
        }
    }

    fn when(any: &[Condition], nodes: Vec<Self>) -> Self {
        Self::If(any.to_vec(), nodes)
    }
}

/// The cases on which a sequence depends as a whole: `Some` if it shows nothing without one.
pub(super) fn wholly_conditional(inlines: &[Inline]) -> Option<Vec<Condition>> {
    let mut any = Vec::new();
    for inline in inlines {
        match inline {
            Inline::If(elements, _) => any.extend_from_slice(elements),
            Inline::Text(text) if text.trim().is_empty() => {}
            Inline::Break => {}
            _ => return None,
        }
    }
    (!any.is_empty()).then_some(any)
}

/// The same for blocks.
pub(super) fn wholly_conditional_blocks(blocks: &[Block]) -> Option<Vec<Condition>> {
    let mut any = Vec::new();
    for block in blocks {
        match block {
            Block::If(elements, _) => any.extend_from_slice(elements),
            _ => return None,
        }
    }
    (!any.is_empty()).then_some(any)
}

/// A block around others: shown only if it shows something.
pub(super) fn around(any: Option<Vec<Condition>>, block: Block) -> Block {
    match any {
        Some(any) => Block::If(any, vec![block]),
        None => block,
    }
}

/// Makes a list and its conditional continuations one list: Markdown ends a list at a block
/// marker, the author meant conditional items.
pub(super) fn join_lists(blocks: Vec<Block>) -> Vec<Block> {
    let mut joined: Vec<Block> = Vec::with_capacity(blocks.len());
    let mut last_conditional = false;
    for block in blocks {
        let (conditional, list) = match as_list(block) {
            Ok(found) => found,
            Err(block) => {
                joined.push(block);
                last_conditional = false;
                continue;
            }
        };
        match joined.last_mut() {
            Some(Block::List(before))
                if (conditional || last_conditional)
                    && before.start.is_some() == list.start.is_some() =>
            {
                before.items.extend(list.items);
            }
            _ => joined.push(Block::List(list)),
        }
        last_conditional = conditional;
    }
    joined.into_iter().map(hide_empty_list).collect()
}

/// A list, or a conditional block that holds one list and nothing else (then its items carry
/// the condition).
fn as_list(block: Block) -> Result<(bool, List), Block> {
    match block {
        Block::List(list) => Ok((false, list)),
        Block::If(any, mut blocks) if matches!(blocks[..], [Block::List(_)]) => {
            let Some(Block::List(mut list)) = blocks.pop() else {
                return Err(Block::If(any, blocks));
            };
            if list.items.iter().any(|item| !item.any.is_empty()) {
                return Err(Block::If(any, vec![Block::List(list)]));
            }
            for item in &mut list.items {
                item.any.clone_from(&any);
            }
            Ok((true, list))
        }
        other => Err(other),
    }
}

/// A list with conditional items only must not leave an empty list behind.
fn hide_empty_list(block: Block) -> Block {
    match block {
        Block::List(list) if list.items.iter().all(|item| !item.any.is_empty()) => {
            let any = list.items.iter().flat_map(|item| item.any.clone());
            Block::If(any.collect(), vec![Block::List(list)])
        }
        other => other,
    }
}
