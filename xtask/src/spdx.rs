//! Reads licence expressions such as `MIT OR (Apache-2.0 WITH LLVM-exception AND ISC)` and
//! decides whether a list of allowed licences is enough to use them.

/// A licence expression. OR gives us the choice, AND binds us to both sides.
#[derive(Debug, PartialEq)]
pub(crate) enum Expression {
    Licence(String),
    Or(Vec<Expression>),
    And(Vec<Expression>),
}

impl Expression {
    /// Reads an expression. A slash means OR, as in old crates' `MIT/Apache-2.0`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser {
            tokens: tokens(text),
            position: 0,
        };
        let expression = parser.any_of()?;
        match parser.next() {
            None => Ok(expression),
            Some(token) => Err(format!("unexpected `{token}`")),
        }
    }

    /// The licences that stand in the way; empty when the allowed ones are enough.
    pub(crate) fn refused(&self, allowed: &[&str]) -> Vec<String> {
        match self {
            Self::Licence(name) if allowed.contains(&name.as_str()) => Vec::new(),
            Self::Licence(name) => vec![name.clone()],
            Self::And(parts) => parts
                .iter()
                .flat_map(|part| part.refused(allowed))
                .collect(),
            Self::Or(parts) => {
                let refused: Vec<_> = parts.iter().map(|part| part.refused(allowed)).collect();
                if refused.iter().any(Vec::is_empty) {
                    Vec::new()
                } else {
                    refused.concat()
                }
            }
        }
    }
}

struct Parser {
    tokens: Vec<String>,
    position: usize,
}

impl Parser {
    /// `a OR b OR c`: binds loosest.
    fn any_of(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.all_of()?];
        while self.accept("OR") {
            parts.push(self.all_of()?);
        }
        Ok(group(parts, Expression::Or))
    }

    /// `a AND b`: binds tighter than OR.
    fn all_of(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.one()?];
        while self.accept("AND") {
            parts.push(self.one()?);
        }
        Ok(group(parts, Expression::And))
    }

    fn one(&mut self) -> Result<Expression, String> {
        if self.accept("(") {
            let inner = self.any_of()?;
            return if self.accept(")") {
                Ok(inner)
            } else {
                Err("missing `)`".into())
            };
        }
        let name = self.identifier("a licence")?;
        if self.accept("WITH") {
            // An exception only ever grants more, so the licence alone decides.
            self.identifier("an exception after WITH")?;
        }
        // `+` means this version or a later one; this one is then ours to choose.
        Ok(Expression::Licence(name.trim_end_matches('+').to_owned()))
    }

    fn identifier(&mut self, what: &str) -> Result<String, String> {
        match self.next() {
            Some(token) if !is_operator(&token) => Ok(token),
            Some(token) => Err(format!("expected {what}, found `{token}`")),
            None => Err(format!("expected {what}, found the end")),
        }
    }

    fn accept(&mut self, wanted: &str) -> bool {
        let found = self
            .tokens
            .get(self.position)
            .is_some_and(|token| token == wanted);
        self.position += usize::from(found);
        found
    }

    fn next(&mut self) -> Option<String> {
        let token = self.tokens.get(self.position).cloned();
        self.position += 1;
        token
    }
}

fn group(mut parts: Vec<Expression>, wrap: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            wrap(parts)
        }
        None => wrap(parts),
    }
}

fn is_operator(token: &str) -> bool {
    matches!(token, "OR" | "AND" | "WITH" | "(" | ")")
}

/// Words and parentheses; operators in capitals, however they were written.
fn tokens(text: &str) -> Vec<String> {
    let spaced = text
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let capital = |word: &str| {
        let upper = word.to_uppercase();
        if is_operator(&upper) {
            upper
        } else {
            word.to_owned()
        }
    };
    spaced.split_whitespace().map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &[&str] = &["MIT", "Apache-2.0", "ISC", "Unicode-3.0"];

    fn refused(text: &str) -> Vec<String> {
        Expression::parse(text).unwrap().refused(ALLOWED)
    }

    #[test]
    fn allowed_expressions() {
        for text in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0-only or MIT",
            "MIT/Apache-2.0",
            "MIT / GPL-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
            "Apache-2.0+",
            "GPL-3.0 AND LGPL-2.1 OR MIT AND ISC",
        ] {
            assert_eq!(refused(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn refused_expressions_name_what_is_in_the_way() {
        assert_eq!(refused("GPL-3.0-only"), ["GPL-3.0-only"]);
        assert_eq!(refused("MIT AND GPL-3.0"), ["GPL-3.0"]);
        assert_eq!(refused("GPL-2.0 OR AGPL-3.0"), ["GPL-2.0", "AGPL-3.0"]);
        assert_eq!(
            refused("MIT AND (GPL-2.0 OR LGPL-3.0)"),
            ["GPL-2.0", "LGPL-3.0"]
        );
        assert_eq!(refused("GPL-2.0 WITH Classpath-exception-2.0"), ["GPL-2.0"]);
    }

    #[test]
    fn and_binds_tighter_than_or() {
        // Read from left to right this would demand GPL-3.0.
        assert!(refused("MIT OR ISC AND GPL-3.0").is_empty());
        assert_eq!(refused("(MIT OR ISC) AND GPL-3.0"), ["GPL-3.0"]);
    }

    #[test]
    fn broken_expressions_are_errors() {
        for text in [
            "",
            "MIT OR",
            "(MIT",
            "MIT)",
            "AND MIT",
            "MIT Apache-2.0",
            "MIT WITH",
            "()",
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}
