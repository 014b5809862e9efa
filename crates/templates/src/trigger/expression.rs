//! CEL expressions over an event: compiled and checked when a trigger is published, evaluated for each event.
//!
//! An expression can use `event` (the attributes by name) and `data`. The only loops in CEL run over existing
//! lists. The limits on length, depth, nested loops and evaluation time bound the cost.

use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use cel::{
    Context, Env, ExecutionError,
    common::{
        ast::{EntryExpr, Expr, IdedExpr},
        value::{CowVal, Val},
    },
    context::VariableResolver,
    extensions,
};
use serde_json::Value;

use super::clock::{IN_TIME, limit_loops};
use crate::reading::did_you_mean;

/// The longest expression, in bytes.
const MAX_LENGTH: usize = 8 << 10;
/// The maximum depth of the syntax tree. Evaluation uses up to 50 KB of stack per level.
const MAX_DEPTH: usize = 30;
/// The maximum nesting of loops over lists (`map`, `filter`, ...).
const MAX_LOOPS: usize = 3;
/// The parser uses much stack per level, so it runs on a separate thread with this stack size.
const PARSER_STACK: usize = 64 << 20;
/// The time limit of one evaluation. Real expressions take microseconds.
const MAX_TIME: Duration = Duration::from_secs(1);
/// The longest error message of an evaluation, in characters.
const MAX_MESSAGE: usize = 500;

const VARIABLES: [&str; 2] = ["event", "data"];
/// Names of types.
const TYPES: [&str; 11] =
    ["bool", "bytes", "double", "int", "list", "map", "null_type", "optional_type", "string", "type", "uint"];
/// Namespaces of functions. They are not values.
const NAMESPACES: [&str; 3] = ["base64", "math", "optional"];

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut environment = Env::stdlib().with_optional_support(true);
    for extension in [extensions::strings, extensions::encoders, extensions::math] {
        if let Err(error) = environment.add_extension(extension) {
            unreachable!("the standard library and its extensions declare nothing twice: {error}");
        }
    }
    Arc::new(environment)
});

/// A compiled and checked expression.
#[derive(Debug)]
pub(super) struct Expression(IdedExpr);

/// The variables of an expression for one event.
#[derive(Debug)]
pub(super) struct Variables {
    event: Box<dyn Val>,
    data: Box<dyn Val>,
    is_in_time: Box<dyn Val>,
}

impl Variables {
    /// Creates the variables from the attributes and the data of an event.
    pub(super) fn new(attributes: &Value, data: &Value) -> Result<Self, String> {
        let val = |value| cel_value(value).try_into().map_err(|error: ExecutionError| error.to_string());
        Ok(Self { event: val(attributes)?, data: val(data)?, is_in_time: val(&Value::Bool(true))? })
    }
}

impl Expression {
    /// Compiles an expression and checks all names in it.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        if source.len() > MAX_LENGTH {
            return Err(format!("the expression is longer than {MAX_LENGTH} bytes"));
        }
        std::thread::scope(|scope| {
            let compile = || {
                let program = ENVIRONMENT.compile(source).map_err(|errors| syntax(source, &errors))?;
                let mut check = Check { scope: Vec::new() };
                check.walk(program.expression(), 1, 0)?;
                let mut expression = program.expression().clone();
                limit_loops(&mut expression);
                Ok(Self(expression))
            };
            let thread = std::thread::Builder::new().stack_size(PARSER_STACK).spawn_scoped(scope, compile);
            match thread.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(compiled)) => compiled,
                Ok(Err(_)) => Err("the parser failed on the expression".to_owned()),
                Err(error) => Err(format!("could not start a thread for the parser: {error}")),
            }
        })
    }

    /// Evaluates the expression and returns its value as JSON.
    pub(super) fn evaluate(&self, variables: &Variables) -> Result<Value, String> {
        let timed = Timed { variables, until: Instant::now() + MAX_TIME, is_over: AtomicBool::new(false) };
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        context.set_variable_resolver(&timed);
        let outcome = cel::Value::resolve(&self.0, &context);
        // Check this first: some operators ignore an error in one of their operands.
        if timed.is_over.load(Ordering::Relaxed) {
            return Err(format!("it took longer than {} second and was stopped", MAX_TIME.as_secs()));
        }
        match outcome {
            Ok(value) => value.json().map_err(|error| cut(&error.to_string())),
            Err(ExecutionError::NoSuchKey(key)) => Err(format!(
                "there is no `{key}` in this event; where it may be missing, write `.?{key}.orValue(...)` or ask \
                 `has(...)`"
            )),
            Err(error) => Err(cut(&error.to_string())),
        }
    }
}

/// Resolves variables until the time is up. Every loop resolves one at each turn.
struct Timed<'a> {
    variables: &'a Variables,
    until: Instant,
    is_over: AtomicBool,
}

impl VariableResolver for Timed<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let value = match name {
            "event" => &self.variables.event,
            "data" => &self.variables.data,
            IN_TIME => &self.variables.is_in_time,
            _ => return None,
        };
        if Instant::now() > self.until {
            self.is_over.store(true, Ordering::Relaxed);
            return None;
        }
        Some(CowVal::Borrowed(value.as_ref()))
    }
}

/// Converts JSON to CEL values. Integers become `int` if they fit, so that `data.count + 1` works.
fn cel_value(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(value) => cel::Value::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => cel::Value::Int(integer),
            (None, Some(integer)) => cel::Value::UInt(integer),
            (None, None) => cel::Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        Value::Array(items) => cel::Value::List(Arc::new(items.iter().map(cel_value).collect())),
        Value::Object(fields) => {
            let map: HashMap<String, cel::Value> =
                fields.iter().map(|(name, value)| (name.clone(), cel_value(value))).collect();
            cel::Value::from(map)
        }
    }
}

fn syntax(source: &str, errors: &cel::ParseErrors) -> String {
    let Some(error) = errors.errors.first() else { return "it cannot be parsed".to_owned() };
    if error.msg.contains("Recursion") {
        return "it is nested too deeply".to_owned();
    }
    let message = error.msg.trim_start_matches("Syntax error: ");
    let message = message.split(" expecting ").next().unwrap_or(message).replace("'<EOF>'", "its end");
    let (line, column) = error.pos;
    let place = if source.trim_end().contains('\n') {
        format!("line {line}, column {column} of the expression")
    } else {
        format!("column {column} of the expression")
    };
    cut(&format!("{place}: {message}"))
}

fn cut(message: &str) -> String {
    if message.chars().count() <= MAX_MESSAGE {
        return message.to_owned();
    }
    message.chars().take(MAX_MESSAGE).chain(['…']).collect()
}

/// Checks names at compile time, which CEL would only report during evaluation.
struct Check<'a> {
    /// Names that enclosing loops define.
    scope: Vec<&'a str>,
}

impl<'a> Check<'a> {
    fn walk(&mut self, expression: &'a IdedExpr, depth: usize, loops: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!(
                "it is nested deeper than {MAX_DEPTH} levels (a sum of n parts has n levels)"
            ));
        }
        let deeper = depth + 1;
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => self.walk(&select.operand, deeper, loops),
            Expr::Call(call) => {
                let namespace = call.target.as_ref().and_then(|target| match &target.expr {
                    Expr::Ident(name) if NAMESPACES.contains(&name.as_str()) => Some(name.as_str()),
                    _ => None,
                });
                function(namespace, call.target.is_some(), &call.func_name)?;
                if let (Some(target), None) = (&call.target, namespace) {
                    self.walk(target, deeper, loops)?;
                }
                call.args.iter().try_for_each(|argument| self.walk(argument, deeper, loops))
            }
            Expr::List(list) => list.elements.iter().try_for_each(|item| self.walk(item, deeper, loops)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.walk(&entry.key, deeper, loops)?;
                    self.walk(&entry.value, deeper, loops)
                }
                EntryExpr::StructField(field) => self.walk(&field.value, deeper, loops),
            }),
            Expr::Struct(object) => Err(format!("there is no type `{}`", object.type_name)),
            Expr::Comprehension(comprehension) => {
                if loops == MAX_LOOPS {
                    return Err(format!("more than {MAX_LOOPS} loops over lists are nested"));
                }
                self.walk(&comprehension.iter_range, deeper, loops)?;
                self.walk(&comprehension.accu_init, deeper, loops)?;
                let before = self.scope.len();
                self.scope.push(&comprehension.accu_var);
                self.scope.push(&comprehension.iter_var);
                self.scope.extend(comprehension.iter_var2.as_deref());
                for part in [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result] {
                    self.walk(part, deeper, loops + 1)?;
                }
                self.scope.truncate(before);
                Ok(())
            }
        }
    }

    fn name(&self, name: &str) -> Result<(), String> {
        let plain = name.strip_prefix('.').unwrap_or(name);
        if plain.starts_with('@')
            || VARIABLES.contains(&plain)
            || TYPES.contains(&plain)
            || self.scope.contains(&plain)
        {
            return Ok(());
        }
        let mut known: Vec<String> = VARIABLES.iter().map(|&name| name.to_owned()).collect();
        known.extend(self.scope.iter().filter(|name| !name.starts_with('@')).map(|&name| name.to_owned()));
        Err(format!("there is no `{name}` here{}", did_you_mean(name, &known)))
    }
}

/// Whether a function exists. The library has no lookup, so call it without arguments and inspect the error.
fn function(namespace: Option<&str>, has_target: bool, name: &str) -> Result<(), String> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !name.chars().all(is_letter) || name.starts_with('_') {
        return Ok(()); // Operators always exist.
    }
    let call = match namespace {
        Some(namespace) => format!("{namespace}.{name}()"),
        None if has_target => format!("null.{name}()"),
        None => format!("{name}()"),
    };
    let Ok(program) = ENVIRONMENT.compile(&call) else { return Ok(()) };
    match program.execute(&Context::with_env(Arc::clone(&ENVIRONMENT))) {
        Err(ExecutionError::UndeclaredReference(_)) => Err(format!("there is no function `{name}`")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn evaluate(source: &str) -> Result<Value, String> {
        let attributes =
            json!({ "type": "order.placed", "source": "/shop", "id": "7", "time": "2030-01-31T12:00:00Z" });
        let data = json!({
            "id": 5, "price": 2.5, "big": u64::MAX, "name": "Ada", "tags": ["a", "b"], "nothing": null,
            "lines": [{ "sku": "x", "n": 2 }, { "sku": "y", "n": 3 }],
        });
        Expression::compile(source)?.evaluate(&Variables::new(&attributes, &data).unwrap())
    }

    #[test]
    fn expressions_shape_events_into_json() {
        let cases = [
            ("data.name", json!("Ada")),
            ("data.id + 1", json!(6)),
            ("data.price * 2.0", json!(5.0)),
            ("data.big", json!(u64::MAX)),
            ("data.nothing", json!(null)),
            ("event.type + '/' + event.id", json!("order.placed/7")),
            ("event.time.split('T')[0]", json!("2030-01-31")),
            ("{'who': data.name, 'n': [data.id, 2]}", json!({ "who": "Ada", "n": [5, 2] })),
            ("data.lines.map(line, {'sku': line.sku})", json!([{ "sku": "x" }, { "sku": "y" }])),
            ("data.lines.filter(line, line.n > 2).size()", json!(1)),
            ("has(data.missing) ? data.missing : 'none'", json!("none")),
            ("data.?missing.orValue('none')", json!("none")),
            ("data.name.matches('^A')", json!(true)),
            ("string(base64.decode('aGk='))", json!("hi")),
            ("math.greatest(data.id, 9)", json!(9)),
            ("type(data.name) == string", json!(true)),
        ];
        for (source, expected) in cases {
            assert_eq!(evaluate(source), Ok(expected), "{source}");
        }
    }

    #[test]
    fn what_can_be_known_before_an_event_comes_is_refused_before() {
        let cases = [
            ("1 +", "column 4 of the expression"),
            ("{'a': 1,\n 'b': (2}", "line 2, column 9"),
            ("dta.name", "did you mean `data`?"),
            ("data.lines.map(line, lin.sku)", "did you mean `line`?"),
            ("upper(data.name)", "no function `upper`"),
            ("data.name.upcase()", "no function `upcase`"),
            ("base64.decod('x')", "no function `decod`"),
            ("now()", "no function `now`"),
            ("Order{id: 1}", "no type `Order`"),
        ];
        for (source, why) in cases {
            let error = Expression::compile(source).map(drop).unwrap_err();
            assert!(error.contains(why), "{source}: {error}");
        }
    }

    #[test]
    fn no_expression_is_too_much() {
        let nested = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
        let much = [
            nested("(", ")", 2000),
            nested("[", "]", 90),
            nested("[", "]", 40),
            nested("{'a':", "}", 90),
            nested("[1].map(x, ", ")", 4),
            format!("1{}", "+1".repeat(4000)),
            format!("data{}", ".a".repeat(4000)),
            "1".repeat(MAX_LENGTH + 1),
        ];
        for source in &much {
            assert!(Expression::compile(source).is_err(), "{source}");
        }
        for source in [nested("[", "]", MAX_DEPTH - 1), nested("[1].map(x, ", ")", MAX_LOOPS)] {
            evaluate(&source).unwrap();
        }
    }

    #[test]
    fn what_fails_says_why_and_what_runs_for_ever_is_stopped() {
        for (source, why) in [
            ("data.missing", "no `missing` in this event"),
            ("data.name + 1", "add"),
            ("data.tags[5]", "out of bounds"),
            ("1 / 0", "zero"),
        ] {
            let error = evaluate(source).unwrap_err();
            assert!(error.contains(why), "{source}: {error}");
        }
        let list = Value::from(vec![1; 20_000]);
        let variables = Variables::new(&Value::Null, &list).unwrap();
        for endless in [
            "data.map(x, data.map(y, y).size())",
            // Only the first resolves a variable of the event.
            "[data].map(l, l.map(a, l.map(b, b).size()).size())",
            "[data].map(l, l.filter(a, l.filter(b, false).size() == 1))",
            "[data].all(l, l.all(a, l.all(b, true)))",
            "[data].exists(l, l.exists(a, l.exists(b, false)))",
            "[data].map(l, l.map(a, l.exists_one(b, b == a)))",
        ] {
            let expression = Expression::compile(endless).unwrap();
            let begun = Instant::now();
            assert!(expression.evaluate(&variables).unwrap_err().contains("took longer"), "{endless}");
            assert!(begun.elapsed() < 2 * MAX_TIME, "{endless}: {:?}", begun.elapsed());
        }
    }
}
