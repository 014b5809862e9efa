//! The interfaces of `wasi:http` for a guest: the engine's implementation, with the memory of every resource counted.
//!
//! The parts of a request have maximum sizes. Requests, bodies and responses count with the most that the host may
//! hold for them, because their buffers belong to connections and fill at times that the host does not see. Headers
//! count with what was written.
//!
//! Without any granted destination a guest cannot create a request. A guest that only imports the interface, or only
//! uses headers, runs.

use std::collections::HashMap;
use std::sync::Arc;

use tasker_protocol::Grants;
use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable};
use wasmtime_wasi_http::p2::bindings::LinkOptions;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::p2::body::{HostFutureTrailers, HostIncomingBody, HostOutgoingBody};
use wasmtime_wasi_http::p2::types::{
    HostFutureIncomingResponse, HostIncomingRequest, HostIncomingResponse, HostOutgoingRequest,
    HostOutgoingResponse, HostResponseOutparam,
};
use wasmtime_wasi_http::p2::{HeaderError, HeaderResult, HttpError, HttpResult};
use wasmtime_wasi_http::{FieldMap, RequestOptions, WasiHttpCtxView};

use super::client::MAX_CONNECTION_BUFFER;
use super::requests::{HttpState, MAX_BODY_CHUNK, MAX_HEADER_BYTES, NotGranted};
use crate::execution::breach::Breach;
use crate::execution::budget::{Budget, Held};
use crate::execution::state::State;

/// The longest method and the longest scheme, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// The longest authority, in bytes. A host name has at most 253.
const MAX_AUTHORITY_BYTES: usize = 1 << 10;
/// The longest path with its query, in bytes. Servers accept 8 to 16 KiB.
const MAX_PATH_BYTES: usize = 16 << 10;

/// The memory of a request without its headers and body.
const REQUEST: u64 = (2 * MAX_NAME_BYTES + MAX_AUTHORITY_BYTES + MAX_PATH_BYTES + 1024) as u64;
/// The memory of a request's body: two chunks in its queue and one on its way to the connection. A chunk that was
/// spliced from a response keeps the read buffer of that response alive.
const REQUEST_BODY: u64 = 2 * MAX_CONNECTION_BUFFER as u64 + MAX_BODY_CHUNK as u64;
/// The memory of a response and its connection: a read and a write buffer, and those of TLS.
const CONNECTION: u64 = 2 * MAX_CONNECTION_BUFFER as u64 + (64 << 10);
/// The memory of the headers of a response: they are parts of its read buffer and keep it alive.
const RESPONSE_HEADERS: u64 = MAX_CONNECTION_BUFFER as u64;
/// The memory of a header besides its text: its place in a table that may be a quarter full.
const HEADER: u64 = 256;
/// The most memory that headers of maximum size take.
const MAX_HEADERS: u64 = 4 * MAX_HEADER_BYTES as u64;

/// Links `wasi:http` without `incoming-handler`.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let options = LinkOptions::default();
    outgoing_handler::add_to_linker::<_, Http>(linker, counted)?;
    types::add_to_linker::<_, Http>(linker, &options.into(), counted)
}

struct Http;

impl HasData for Http {
    type Data<'a> = Counted<'a>;
}

/// The engine's implementation and the memory of its resources.
struct Counted<'a> {
    engine: WasiHttpCtxView<'a>,
    held: &'a mut HashMap<u32, Held>,
    sent: &'a mut Vec<Held>,
    budget: &'a Arc<Budget>,
    is_granted: bool,
}

fn counted(state: &mut State) -> Counted<'_> {
    let logs = &state.logs;
    let http = state.http.get_or_insert_with(|| HttpState::with(None, Grants::default(), logs.clone(), 0));
    let is_granted = http.is_granted();
    Counted {
        engine: WasiHttpCtxView { ctx: &mut http.context, table: &mut state.table, hooks: &mut http.hooks },
        held: &mut http.held,
        sent: &mut http.sent,
        budget: &state.budget,
        is_granted,
    }
}

impl Counted<'_> {
    /// Counts a resource. Every resource is counted at most once.
    fn hold<T: 'static>(&mut self, resource: &Resource<T>, bytes: u64) -> Result<(), Breach> {
        let held = self.budget.hold(bytes)?;
        self.held.insert(resource.rep(), held);
        Ok(())
    }

    fn grow<T: 'static>(&mut self, resource: &Resource<T>, bytes: u64) -> Result<(), Breach> {
        match self.held.get_mut(&resource.rep()) {
            Some(held) => held.grow(bytes),
            None => self.hold(resource, bytes),
        }
    }

    /// Grows the memory of headers, whose size the engine limits.
    fn grow_headers(&mut self, headers: &Resource<FieldMap>, bytes: u64) -> Result<(), Breach> {
        let room = MAX_HEADERS.saturating_sub(self.bytes(headers));
        self.grow(headers, bytes.min(room))
    }

    fn bytes<T: 'static>(&self, resource: &Resource<T>) -> u64 {
        self.held.get(&resource.rep()).map_or(0, Held::bytes)
    }

    /// Counts what belonged to `from` for `to`.
    fn pass_on<T: 'static>(&mut self, from: u32, to: &Resource<T>) {
        if let Some(held) = self.held.remove(&from) {
            self.held.insert(to.rep(), held);
        }
    }

    fn forget(&mut self, rep: u32) {
        self.held.remove(&rep);
    }
}

/// Passes functions on to the engine's implementation.
macro_rules! of_engine {
    ($interface:ident: $(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(fn $name(&mut self, $($argument: $type),*) -> $result {
            types::$interface::$name(&mut self.engine, $($argument),*)
        })*
    };
}

/// Passes `drop` on to the engine's implementation and forgets the resource.
macro_rules! forgotten_when_dropped {
    ($interface:ident: $resource:ty) => {
        fn drop(&mut self, resource: Resource<$resource>) -> wasmtime::Result<()> {
            self.forget(resource.rep());
            types::$interface::drop(&mut self.engine, resource)
        }
    };
}

impl outgoing_handler::Host for Counted<'_> {
    fn handle(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> HttpResult<Resource<HostFutureIncomingResponse>> {
        let rep = request.rep();
        self.grow(&request, CONNECTION).map_err(HttpError::trap)?;
        let sent = outgoing_handler::Host::handle(&mut self.engine, request, options);
        match &sent {
            Ok(response) => self.pass_on(rep, response),
            Err(_) => self.forget(rep),
        }
        sent
    }
}

impl types::Host for Counted<'_> {
    of_engine! { Host:
        fn convert_error_code(error: HttpError) -> wasmtime::Result<types::ErrorCode>;
        fn convert_header_error(error: HeaderError) -> wasmtime::Result<types::HeaderError>;
        fn http_error_code(error: Resource<types::IoError>) -> wasmtime::Result<Option<types::ErrorCode>>;
    }
}

/// The memory of a header.
fn header(name: &str, value: &[u8]) -> u64 {
    (name.len() + value.len()) as u64 + HEADER
}

impl types::HostFields for Counted<'_> {
    of_engine! { HostFields:
        fn get(fields: Resource<FieldMap>, name: String) -> wasmtime::Result<Vec<Vec<u8>>>;
        fn has(fields: Resource<FieldMap>, name: String) -> wasmtime::Result<bool>;
        fn delete(fields: Resource<FieldMap>, name: String) -> HeaderResult<()>;
        fn entries(fields: Resource<FieldMap>) -> wasmtime::Result<Vec<(String, Vec<u8>)>>;
    }
    forgotten_when_dropped! { HostFields: FieldMap }

    fn new(&mut self) -> wasmtime::Result<Resource<FieldMap>> {
        let fields = types::HostFields::new(&mut self.engine)?;
        self.hold(&fields, HEADER)?;
        Ok(fields)
    }

    fn from_list(&mut self, entries: Vec<(String, Vec<u8>)>) -> HeaderResult<Resource<FieldMap>> {
        let bytes: u64 = entries.iter().map(|(name, value)| header(name, value)).sum();
        let fields = types::HostFields::from_list(&mut self.engine, entries)?;
        self.hold(&fields, HEADER + bytes.min(MAX_HEADERS)).map_err(HeaderError::trap)?;
        Ok(fields)
    }

    fn set(&mut self, fields: Resource<FieldMap>, name: String, values: Vec<Vec<u8>>) -> HeaderResult<()> {
        let bytes = values.iter().map(|value| header(&name, value)).sum();
        self.grow_headers(&fields, bytes).map_err(HeaderError::trap)?;
        types::HostFields::set(&mut self.engine, fields, name, values)
    }

    fn append(&mut self, fields: Resource<FieldMap>, name: String, value: Vec<u8>) -> HeaderResult<()> {
        self.grow_headers(&fields, header(&name, &value)).map_err(HeaderError::trap)?;
        types::HostFields::append(&mut self.engine, fields, name, value)
    }

    fn clone(&mut self, fields: Resource<FieldMap>) -> wasmtime::Result<Resource<FieldMap>> {
        let bytes = self.bytes(&fields);
        let copy = types::HostFields::clone(&mut self.engine, fields)?;
        self.hold(&copy, bytes)?;
        Ok(copy)
    }
}

impl types::HostOutgoingRequest for Counted<'_> {
    of_engine! { HostOutgoingRequest:
        fn method(request: Resource<HostOutgoingRequest>) -> wasmtime::Result<types::Method>;
        fn path_with_query(request: Resource<HostOutgoingRequest>) -> wasmtime::Result<Option<String>>;
        fn scheme(request: Resource<HostOutgoingRequest>) -> wasmtime::Result<Option<types::Scheme>>;
        fn authority(request: Resource<HostOutgoingRequest>) -> wasmtime::Result<Option<String>>;
    }
    forgotten_when_dropped! { HostOutgoingRequest: HostOutgoingRequest }

    fn new(&mut self, headers: Resource<FieldMap>) -> wasmtime::Result<Resource<HostOutgoingRequest>> {
        if !self.is_granted {
            return Err(NotGranted.into());
        }
        let rep = headers.rep();
        self.grow(&headers, REQUEST)?;
        let request = types::HostOutgoingRequest::new(&mut self.engine, headers)?;
        self.pass_on(rep, &request);
        Ok(request)
    }

    fn body(
        &mut self,
        request: Resource<HostOutgoingRequest>,
    ) -> wasmtime::Result<Result<Resource<HostOutgoingBody>, ()>> {
        // The receiving end of the body's queue belongs to the request.
        let borrowed = Resource::<HostOutgoingRequest>::new_borrow(request.rep());
        let body = types::HostOutgoingRequest::body(&mut self.engine, request)?;
        if body.is_ok() {
            self.grow(&borrowed, REQUEST_BODY)?;
        }
        Ok(body)
    }

    fn set_method(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        method: types::Method,
    ) -> wasmtime::Result<Result<(), ()>> {
        match &method {
            types::Method::Other(name) if name.len() > MAX_NAME_BYTES => Ok(Err(())),
            _ => types::HostOutgoingRequest::set_method(&mut self.engine, request, method),
        }
    }

    fn set_path_with_query(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        path: Option<String>,
    ) -> wasmtime::Result<Result<(), ()>> {
        match &path {
            Some(path) if path.len() > MAX_PATH_BYTES => Ok(Err(())),
            _ => types::HostOutgoingRequest::set_path_with_query(&mut self.engine, request, path),
        }
    }

    fn set_scheme(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        scheme: Option<types::Scheme>,
    ) -> wasmtime::Result<Result<(), ()>> {
        match &scheme {
            Some(types::Scheme::Other(name)) if name.len() > MAX_NAME_BYTES => Ok(Err(())),
            _ => types::HostOutgoingRequest::set_scheme(&mut self.engine, request, scheme),
        }
    }

    fn set_authority(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        authority: Option<String>,
    ) -> wasmtime::Result<Result<(), ()>> {
        match &authority {
            Some(authority) if authority.len() > MAX_AUTHORITY_BYTES => Ok(Err(())),
            _ => types::HostOutgoingRequest::set_authority(&mut self.engine, request, authority),
        }
    }

    fn headers(&mut self, request: Resource<HostOutgoingRequest>) -> wasmtime::Result<Resource<FieldMap>> {
        // The headers outlive the request.
        let bytes = self.bytes(&request).min(MAX_HEADERS);
        let headers = types::HostOutgoingRequest::headers(&mut self.engine, request)?;
        self.hold(&headers, bytes)?;
        Ok(headers)
    }
}

impl types::HostFutureIncomingResponse for Counted<'_> {
    of_engine! { HostFutureIncomingResponse:
        fn subscribe(future: Resource<HostFutureIncomingResponse>) -> wasmtime::Result<Resource<DynPollable>>;
    }
    forgotten_when_dropped! { HostFutureIncomingResponse: HostFutureIncomingResponse }

    fn get(
        &mut self,
        future: Resource<HostFutureIncomingResponse>,
    ) -> wasmtime::Result<Option<Result<Result<Resource<HostIncomingResponse>, types::ErrorCode>, ()>>> {
        let rep = future.rep();
        let got = types::HostFutureIncomingResponse::get(&mut self.engine, future)?;
        if let Some(Ok(Ok(response))) = &got {
            self.pass_on(rep, response);
        }
        Ok(got)
    }
}

impl types::HostIncomingResponse for Counted<'_> {
    of_engine! { HostIncomingResponse:
        fn status(response: Resource<HostIncomingResponse>) -> wasmtime::Result<types::StatusCode>;
    }
    forgotten_when_dropped! { HostIncomingResponse: HostIncomingResponse }

    fn headers(&mut self, response: Resource<HostIncomingResponse>) -> wasmtime::Result<Resource<FieldMap>> {
        let headers = types::HostIncomingResponse::headers(&mut self.engine, response)?;
        self.hold(&headers, RESPONSE_HEADERS)?;
        Ok(headers)
    }

    fn consume(
        &mut self,
        response: Resource<HostIncomingResponse>,
    ) -> wasmtime::Result<Result<Resource<HostIncomingBody>, ()>> {
        let borrowed = Resource::<HostIncomingResponse>::new_borrow(response.rep());
        let body = types::HostIncomingResponse::consume(&mut self.engine, response)?;
        if let Ok(body) = &body {
            // The connection goes with the body; the headers stay.
            self.pass_on(borrowed.rep(), body);
            self.hold(&borrowed, RESPONSE_HEADERS)?;
        }
        Ok(body)
    }
}

impl types::HostIncomingBody for Counted<'_> {
    of_engine! { HostIncomingBody:
        fn stream(body: Resource<HostIncomingBody>) -> wasmtime::Result<Result<Resource<DynInputStream>, ()>>;
    }
    forgotten_when_dropped! { HostIncomingBody: HostIncomingBody }

    fn finish(&mut self, body: Resource<HostIncomingBody>) -> wasmtime::Result<Resource<HostFutureTrailers>> {
        let rep = body.rep();
        let trailers = types::HostIncomingBody::finish(&mut self.engine, body)?;
        self.pass_on(rep, &trailers);
        Ok(trailers)
    }
}

/// What the engine answers when trailers are asked for.
type Trailers = Option<Result<Result<Option<Resource<FieldMap>>, types::ErrorCode>, ()>>;

impl types::HostFutureTrailers for Counted<'_> {
    of_engine! { HostFutureTrailers:
        fn subscribe(future: Resource<HostFutureTrailers>) -> wasmtime::Result<Resource<DynPollable>>;
    }
    forgotten_when_dropped! { HostFutureTrailers: HostFutureTrailers }

    fn get(&mut self, future: Resource<HostFutureTrailers>) -> wasmtime::Result<Trailers> {
        let got = types::HostFutureTrailers::get(&mut self.engine, future)?;
        if let Some(Ok(Ok(Some(trailers)))) = &got {
            self.hold(trailers, RESPONSE_HEADERS)?;
        }
        Ok(got)
    }
}

impl types::HostOutgoingBody for Counted<'_> {
    of_engine! { HostOutgoingBody:
        fn write(body: Resource<HostOutgoingBody>) -> wasmtime::Result<Result<Resource<DynOutputStream>, ()>>;
        fn drop(body: Resource<HostOutgoingBody>) -> wasmtime::Result<()>;
    }

    fn finish(
        &mut self,
        body: Resource<HostOutgoingBody>,
        trailers: Option<Resource<FieldMap>>,
    ) -> HttpResult<()> {
        if let Some(trailers) = &trailers
            && let Some(held) = self.held.remove(&trailers.rep())
        {
            self.sent.push(held);
        }
        types::HostOutgoingBody::finish(&mut self.engine, body, trailers)
    }
}

impl types::HostRequestOptions for Counted<'_> {
    of_engine! { HostRequestOptions:
        fn new() -> wasmtime::Result<Resource<RequestOptions>>;
        fn connect_timeout(options: Resource<RequestOptions>) -> wasmtime::Result<Option<types::Duration>>;
        fn set_connect_timeout(
            options: Resource<RequestOptions>,
            duration: Option<types::Duration>
        ) -> wasmtime::Result<Result<(), ()>>;
        fn first_byte_timeout(options: Resource<RequestOptions>) -> wasmtime::Result<Option<types::Duration>>;
        fn set_first_byte_timeout(
            options: Resource<RequestOptions>,
            duration: Option<types::Duration>
        ) -> wasmtime::Result<Result<(), ()>>;
        fn between_bytes_timeout(options: Resource<RequestOptions>) -> wasmtime::Result<Option<types::Duration>>;
        fn set_between_bytes_timeout(
            options: Resource<RequestOptions>,
            duration: Option<types::Duration>
        ) -> wasmtime::Result<Result<(), ()>>;
        fn drop(options: Resource<RequestOptions>) -> wasmtime::Result<()>;
    }
}

/// A guest that answers requests. None can arrive, so a response would only hold memory.
#[derive(Debug, thiserror::Error)]
#[error("a handler cannot answer HTTP requests: Tasker sends it none")]
struct NoServer;

/// Functions of servers, which stop the guest.
macro_rules! of_servers {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(fn $name(&mut self, $($argument: $type),*) -> wasmtime::Result<$result> {
            $(let _ = $argument;)*
            Err(NoServer.into())
        })*
    };
}

impl types::HostIncomingRequest for Counted<'_> {
    of_servers! {
        fn method(request: Resource<HostIncomingRequest>) -> types::Method;
        fn path_with_query(request: Resource<HostIncomingRequest>) -> Option<String>;
        fn scheme(request: Resource<HostIncomingRequest>) -> Option<types::Scheme>;
        fn authority(request: Resource<HostIncomingRequest>) -> Option<String>;
        fn headers(request: Resource<HostIncomingRequest>) -> Resource<FieldMap>;
        fn consume(request: Resource<HostIncomingRequest>) -> Result<Resource<HostIncomingBody>, ()>;
        fn drop(request: Resource<HostIncomingRequest>) -> ();
    }
}

impl types::HostOutgoingResponse for Counted<'_> {
    of_servers! {
        fn new(headers: Resource<FieldMap>) -> Resource<HostOutgoingResponse>;
        fn status_code(response: Resource<HostOutgoingResponse>) -> types::StatusCode;
        fn set_status_code(
            response: Resource<HostOutgoingResponse>,
            status: types::StatusCode
        ) -> Result<(), ()>;
        fn headers(response: Resource<HostOutgoingResponse>) -> Resource<FieldMap>;
        fn body(response: Resource<HostOutgoingResponse>) -> Result<Resource<HostOutgoingBody>, ()>;
        fn drop(response: Resource<HostOutgoingResponse>) -> ();
    }
}

impl types::HostResponseOutparam for Counted<'_> {
    of_servers! {
        fn set(
            outparam: Resource<HostResponseOutparam>,
            response: Result<Resource<HostOutgoingResponse>, types::ErrorCode>
        ) -> ();
        fn drop(outparam: Resource<HostResponseOutparam>) -> ();
    }

    fn send_informational(
        &mut self,
        _: Resource<HostResponseOutparam>,
        _: u16,
        _: Resource<FieldMap>,
    ) -> HttpResult<()> {
        Err(HttpError::trap(NoServer))
    }
}
