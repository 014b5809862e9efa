//! What the `.proto` files say of each method.

use std::{collections::HashMap, sync::OnceLock};

use http::Method as Verb;
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, MessageDescriptor,
    MethodDescriptor, Value,
};

/// The compiled `.proto` files: a `FileDescriptorSet`, encoded.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// A method, and the route that it stands for.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) verb: Verb,
    /// Such as `/v1/tasks/{task_id}`.
    pub(crate) path: String,
    pub(crate) request: MessageDescriptor,
    /// Where each field of the request goes.
    pub(crate) fields: Vec<(FieldDescriptor, Place)>,
    pub(crate) response: MessageDescriptor,
    pub(crate) is_stream: bool,
}

/// Where a field of a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header(String),
    /// It is a member of the body's object.
    Member,
    /// It is the whole body, of this content type.
    Body(String),
}

/// All methods, by the paths of their calls.
#[derive(Debug)]
pub(crate) struct Descriptors {
    methods: HashMap<String, Method>,
    services: Vec<String>,
}

/// Returns what the `.proto` files say. They are part of the program: an error in them is found by any test.
pub(crate) fn get() -> &'static Descriptors {
    static READ: OnceLock<Descriptors> = OnceLock::new();
    READ.get_or_init(|| {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap_or_default();
        Descriptors::of(&pool).unwrap_or_else(|| {
            tracing::error!("the descriptors of the gRPC services are broken: there are no services");
            Descriptors { methods: HashMap::new(), services: Vec::new() }
        })
    })
}

impl Descriptors {
    fn of(pool: &DescriptorPool) -> Option<Self> {
        let options = Options {
            route: pool.get_extension_by_name("tasker.v1.route")?,
            query: pool.get_extension_by_name("tasker.v1.query")?,
            header: pool.get_extension_by_name("tasker.v1.header")?,
            body: pool.get_extension_by_name("tasker.v1.body")?,
        };
        let mut read = Self { methods: HashMap::new(), services: Vec::new() };
        for service in pool.services() {
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                read.methods.insert(path, options.method(&method)?);
            }
            read.services.push(service.full_name().to_owned());
        }
        Some(read)
    }

    /// Returns the method with this path: `/tasker.v1.TaskService/GetTask`.
    pub(crate) fn method(&self, path: &str) -> Option<&Method> {
        self.methods.get(path)
    }

    /// The full names of the services.
    pub(crate) fn services(&self) -> &[String] {
        &self.services
    }
}

/// The options of `options.proto`.
struct Options {
    route: ExtensionDescriptor,
    query: ExtensionDescriptor,
    header: ExtensionDescriptor,
    body: ExtensionDescriptor,
}

impl Options {
    /// Returns none for a method without a route.
    fn method(&self, method: &MethodDescriptor) -> Option<Method> {
        let route = text(&method.options(), &self.route)?;
        let (verb, path) = route.split_once(' ')?;
        let verb: Verb = verb.parse().ok()?;
        let request = method.input();
        let fields = request.fields().map(|field| {
            let place = self.place(&field, &verb, path);
            (field, place)
        });
        Some(Method {
            path: path.to_owned(),
            fields: fields.collect(),
            request,
            response: method.output(),
            is_stream: method.is_server_streaming(),
            verb,
        })
    }

    fn place(&self, field: &FieldDescriptor, verb: &Verb, path: &str) -> Place {
        let options = field.options();
        if path.contains(&format!("{{{}}}", field.name())) {
            Place::Path
        } else if let Some(name) = text(&options, &self.header) {
            Place::Header(name)
        } else if let Some(kind) = text(&options, &self.body) {
            Place::Body(kind)
        } else if verb == Verb::GET || verb == Verb::DELETE || options.has_extension(&self.query) {
            Place::Query
        } else {
            Place::Member
        }
    }
}

fn text(options: &DynamicMessage, option: &ExtensionDescriptor) -> Option<String> {
    match options.has_extension(option).then(|| options.get_extension(option))?.into_owned() {
        Value::String(text) => Some(text),
        _ => None,
    }
}
