//! What a component imports and exports, by its WIT: as imports of a core module, and as a description for the SDK.

use std::collections::HashMap;

use anyhow::{Result, bail};
use serde_json::{Value, json};
use wasm_encoder::ValType;
use wit_parser::{
    Function, Handle, Resolve, Type, TypeDefKind, TypeId, WorldItem, WorldKey,
    abi::{AbiVariant, WasmType},
};

use crate::project::build::componentize::world;

/// The interface that a component exports.
const EXPORT: &str = "tasker:handler/step-handler";

/// A function that the core module imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) module: String,
    pub(super) name: String,
    pub(super) params: Vec<ValType>,
    pub(super) results: Vec<ValType>,
}

/// The imports and exports of a world.
#[derive(Debug)]
pub(super) struct Bindings {
    /// In the order of their numbers, by which the SDK calls them.
    pub(super) imports: Vec<Import>,
    /// The names of the exported `describe` and `handle` in the core module.
    pub(super) describe: String,
    pub(super) handle: String,
    /// Types and functions, as JSON.
    pub(super) description: String,
}

impl Bindings {
    /// Those of a component that imports all that handlers may import.
    pub(super) fn read() -> Result<Self> {
        let (resolve, world) = world()?;
        let mut types = Types { resolve: &resolve, known: HashMap::new(), all: Vec::new() };
        let (mut imports, mut functions, mut exports) = (Vec::new(), Vec::new(), Vec::new());
        let mut add = |module: &str, name: String, params: &[WasmType], results: &[WasmType]| {
            imports.push(Import {
                module: module.to_owned(),
                name,
                params: params.iter().copied().map(val_type).collect(),
                results: results.iter().copied().map(val_type).collect(),
            });
        };
        for (key, item) in &resolve.worlds[world].imports {
            let WorldItem::Interface { id, .. } = item else { continue };
            let module = name_of(&resolve, key);
            for function in resolve.interfaces[*id].functions.values() {
                let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
                let mut described = types.function(function)?;
                described["name"] = json!(format!("{module}#{}", function.name));
                described["indirect"] = json!(signature.indirect_params);
                functions.push(described);
                add(&module, function.name.clone(), &signature.params, &signature.results);
            }
            for (name, id) in &resolve.interfaces[*id].types {
                if matches!(resolve.types[*id].kind, TypeDefKind::Resource) {
                    let drop = format!("[resource-drop]{name}");
                    functions.push(json!({
                        "name": format!("{module}#{drop}"), "params": ["handle"], "result": null, "indirect": false,
                    }));
                    add(&module, drop, &[WasmType::I32], &[]);
                }
            }
        }
        let mut exported = String::new();
        for (key, item) in &resolve.worlds[world].exports {
            let (WorldItem::Interface { id, .. }, name) = (item, name_of(&resolve, key)) else { continue };
            if name.starts_with(EXPORT) {
                for function in resolve.interfaces[*id].functions.values() {
                    let mut described = types.function(function)?;
                    described["name"] = json!(function.name);
                    exports.push(described);
                }
                exported = name;
            }
        }
        if exported.is_empty() {
            bail!("the world of handlers does not export {EXPORT}");
        }
        let description = json!({ "types": types.all, "imports": functions, "exports": exports }).to_string();
        Ok(Self {
            imports,
            describe: format!("{exported}#describe"),
            handle: format!("{exported}#handle"),
            description,
        })
    }
}

fn name_of(resolve: &Resolve, key: &WorldKey) -> String {
    resolve.name_world_key(key)
}

fn val_type(ty: WasmType) -> ValType {
    match ty {
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
    }
}

/// Types as JSON: the name of a simple one, the number of another in the list of all.
struct Types<'a> {
    resolve: &'a Resolve,
    known: HashMap<TypeId, Value>,
    all: Vec<Value>,
}

impl Types<'_> {
    fn function(&mut self, function: &Function) -> Result<Value> {
        let params: Vec<Value> =
            function.params.iter().map(|param| self.of(&param.ty)).collect::<Result<_>>()?;
        let result = self.optional(function.result.as_ref())?;
        Ok(json!({ "params": params, "result": result }))
    }

    fn optional(&mut self, ty: Option<&Type>) -> Result<Value> {
        ty.map_or(Ok(Value::Null), |ty| self.of(ty))
    }

    fn of(&mut self, ty: &Type) -> Result<Value> {
        Ok(json!(match ty {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::S8 => "s8",
            Type::S16 => "s16",
            Type::S32 => "s32",
            Type::S64 => "s64",
            Type::String => "string",
            Type::Id(id) => return self.defined(*id),
            other => bail!("the SDK cannot pass values of the WIT type {other:?}"),
        }))
    }

    fn defined(&mut self, id: TypeId) -> Result<Value> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let resolve = self.resolve;
        let described = match &resolve.types[id].kind {
            TypeDefKind::Type(ty) => return self.of(ty),
            TypeDefKind::Handle(Handle::Own(_) | Handle::Borrow(_)) => return Ok(json!("handle")),
            TypeDefKind::Record(record) => {
                let fields: Vec<Value> = record
                    .fields
                    .iter()
                    .map(|field| Ok(json!([field.name, self.of(&field.ty)?])))
                    .collect::<Result<_>>()?;
                json!(["record", fields])
            }
            TypeDefKind::Tuple(tuple) => {
                let items: Vec<Value> = tuple.types.iter().map(|ty| self.of(ty)).collect::<Result<_>>()?;
                json!(["tuple", items])
            }
            TypeDefKind::Variant(variant) => {
                let cases: Vec<Value> = variant
                    .cases
                    .iter()
                    .map(|case| Ok(json!([case.name, self.optional(case.ty.as_ref())?])))
                    .collect::<Result<_>>()?;
                json!(["variant", cases])
            }
            TypeDefKind::Enum(names) => {
                json!(["enum", names.cases.iter().map(|case| case.name.as_str()).collect::<Vec<_>>()])
            }
            TypeDefKind::Option(ty) => json!(["option", self.of(ty)?]),
            TypeDefKind::Result(result) => {
                json!(["result", self.optional(result.ok.as_ref())?, self.optional(result.err.as_ref())?])
            }
            TypeDefKind::List(ty) => json!(["list", self.of(ty)?]),
            other => bail!("the SDK cannot pass values of the WIT type {}", other.as_str()),
        };
        self.all.push(described);
        let number = json!(self.all.len() - 1);
        self.known.insert(id, number.clone());
        Ok(number)
    }
}
