//! Builds one core module from several.
//!
//! The parts of the modules follow each other in the order of their instances. So segments are applied in the same order,
//! and the first that does not fit ends the instantiation as before. Start functions run after all segments instead of
//! between them; modules where that could be noticed are refused.

use std::collections::{BTreeMap, HashMap};

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, ImportSection, MemorySection, Module,
    StartSection, TableSection, TypeSection,
};
use wasmparser::{DataKind, ElementItems, ElementKind, FuncType, TableInit, TypeRef};

use crate::code::{Places, Renumber};
use crate::constant::Constant;
use crate::module::CoreModule;
use crate::names;
use crate::refusal::Refusal;
use crate::space::Space;

/// The name of the module that the merged module imports everything from.
pub(crate) const OUTSIDE: &str = "outside";

/// Where an import comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    /// A definition of an earlier member.
    Member { member: usize, space: Space, index: u32 },
    /// A function from outside: its number. The merged module imports it under this number.
    Outside(u32),
}

/// A module to merge.
pub(crate) struct Member<'a> {
    pub(crate) module: CoreModule<'a>,
    /// The origins of its imports.
    pub(crate) origins: Vec<Origin>,
}

/// An export of the merged module.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) name: String,
    pub(crate) member: usize,
    pub(crate) space: Space,
    pub(crate) index: u32,
}

/// Returns the merged module. It imports `outside` functions from [`OUTSIDE`], named by their numbers.
pub(crate) fn link(members: &[Member<'_>], outside: u32, exports: &[Export]) -> Result<Vec<u8>, Refusal> {
    let starts = starts(members)?;
    let mut parts = Parts { outside: vec![None; outside as usize], ..Parts::default() };
    for member in members {
        parts.add(member)?;
    }
    let start = parts.start(&starts)?;
    parts.finish(members, start, exports)
}

/// The start functions, each with its member, in order.
fn starts(members: &[Member<'_>]) -> Result<Vec<(usize, u32)>, Refusal> {
    let mut starts = Vec::new();
    for (number, member) in members.iter().enumerate() {
        if !starts.is_empty() && member.module.has_active_segments() {
            return Err(Refusal::new("a start function runs before a later module sets memory or tables"));
        }
        starts.extend(member.module.start.map(|start| (number, start)));
    }
    Ok(starts)
}

/// The parts of the merged module.
#[derive(Default)]
struct Parts {
    types: TypeSection,
    type_numbers: HashMap<FuncType, u32>,
    /// The type of each function from outside.
    outside: Vec<Option<u32>>,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    elements: ElementSection,
    data: DataSection,
    code: CodeSection,
    names: BTreeMap<u32, String>,
    /// Per member: where its definitions are.
    places: Vec<Places>,
    /// Per member: the values of its globals, as far as they are constant.
    constants: Vec<Vec<Option<Constant>>>,
}

impl Parts {
    fn add(&mut self, member: &Member<'_>) -> Result<(), Refusal> {
        let (mut places, mut constants) = self.place(member)?;
        let module = &member.module;
        for global in &module.globals {
            let value = Constant::evaluate(
                &global.init_expr,
                |index| constants.get(index as usize).copied().flatten(),
                |index| places.of(Space::Function, index),
            )?;
            places.globals.push(self.globals.len());
            constants.push((!global.ty.mutable).then_some(value));
            self.globals.global(Renumber(&places).global_type(global.ty)?, &value.encode()?);
        }
        let evaluate = |expression: &wasmparser::ConstExpr<'_>| {
            let global = |index: u32| constants.get(index as usize).copied().flatten();
            Constant::evaluate(expression, global, |index| places.of(Space::Function, index))
        };
        for table in &module.tables {
            let ty = Renumber(&places).table_type(table.ty)?;
            match &table.init {
                TableInit::RefNull => self.tables.table(ty),
                TableInit::Expr(expression) => {
                    self.tables.table_with_init(ty, &evaluate(expression)?.encode()?)
                }
            };
        }
        for element in &module.elements {
            let functions: Vec<u32>;
            let expressions: Vec<_>;
            let elements = match &element.items {
                ElementItems::Functions(items) => {
                    let places = items.clone().into_iter().map(|item| places.of(Space::Function, item?));
                    functions = places.collect::<Result<_, Refusal>>()?;
                    Elements::Functions(functions.into())
                }
                ElementItems::Expressions(ty, items) => {
                    let values = items.clone().into_iter().map(|item| evaluate(&item?)?.encode());
                    expressions = values.collect::<Result<_, Refusal>>()?;
                    Elements::Expressions(Renumber(&places).ref_type(*ty)?, expressions.into())
                }
            };
            match &element.kind {
                ElementKind::Passive => self.elements.passive(elements),
                ElementKind::Declared => self.elements.declared(elements),
                ElementKind::Active { table_index, offset_expr } => {
                    let table = places.of(Space::Table, table_index.unwrap_or(0))?;
                    // The short form is for functions in the first table.
                    let table = (table > 0 || table_index.is_some()).then_some(table);
                    self.elements.active(table, &evaluate(offset_expr)?.encode()?, elements)
                }
            };
        }
        for data in &module.data {
            let bytes = data.data.iter().copied();
            match &data.kind {
                DataKind::Passive => self.data.passive(bytes),
                DataKind::Active { memory_index, offset_expr } => {
                    let memory = places.of(Space::Memory, *memory_index)?;
                    self.data.active(memory, &evaluate(offset_expr)?.encode()?, bytes)
                }
            };
        }
        for body in &module.bodies {
            Renumber(&places).parse_function_body(&mut self.code, body.clone())?;
        }
        for (index, name) in &module.names.functions {
            // An import has the name that it has where it is defined.
            let is_defined = *index as usize >= places.functions.len() - module.functions.len();
            if let (true, Ok(place)) = (is_defined, places.of(Space::Function, *index)) {
                self.names.insert(place, (*name).to_owned());
            }
        }
        self.places.push(places);
        self.constants.push(constants);
        Ok(())
    }

    /// Gives each definition of a module its index in the merged one, apart from the globals that it defines. Returns the
    /// values of the globals that it imports as well.
    fn place(&mut self, member: &Member<'_>) -> Result<(Places, Vec<Option<Constant>>), Refusal> {
        let Member { module, origins } = member;
        let mut places = Places {
            elements_before: self.elements.len(),
            data_before: self.data.len(),
            ..Places::default()
        };
        let mut constants = Vec::new();
        for ty in &module.types {
            let number = self.type_number(ty)?;
            places.types.push(number);
        }
        for (import, origin) in module.imports.iter().zip(origins) {
            let place = match *origin {
                Origin::Member { member, space, index } => {
                    if space == Space::Global {
                        constants.push(self.constants[member].get(index as usize).copied().flatten());
                    }
                    self.places[member].of(space, index)?
                }
                Origin::Outside(function) => {
                    let TypeRef::Func(ty) = import.ty else {
                        let (module, name) = (import.module, import.name);
                        return Err(Refusal::new(format!(
                            "a module imports `{name}` of `{module}`, which is no function, from outside"
                        )));
                    };
                    self.outside[function as usize] = Some(places.types[ty as usize]);
                    let name = || format!("{}#{}", import.module, import.name);
                    self.names.entry(function).or_insert_with(name);
                    function
                }
            };
            match import.ty {
                TypeRef::Func(_) => places.functions.push(place),
                TypeRef::Table(_) => places.tables.push(place),
                TypeRef::Memory(_) => places.memories.push(place),
                TypeRef::Global(_) => places.globals.push(place),
                TypeRef::Tag(_) | TypeRef::FuncExact(_) => {
                    return Err(Refusal::new("a module imports what is not understood"));
                }
            }
        }
        let outside = self.outside.len() as u32;
        for ty in &module.functions {
            places.functions.push(outside + self.functions.len());
            self.functions.function(places.types[*ty as usize]);
        }
        let (tables, memories) = (module.tables.len() as u32, module.memories.len() as u32);
        places.tables.extend(self.tables.len()..self.tables.len() + tables);
        places.memories.extend(self.memories.len()..self.memories.len() + memories);
        for memory in &module.memories {
            let ty = Renumber(&places).memory_type(*memory)?;
            self.memories.memory(ty);
        }
        Ok((places, constants))
    }

    fn type_number(&mut self, ty: &FuncType) -> Result<u32, Refusal> {
        if let Some(number) = self.type_numbers.get(ty) {
            return Ok(*number);
        }
        let number = self.types.len();
        // Its parameters and results name no other types, or this fails.
        self.types.ty().func_type(&Renumber(&Places::default()).func_type(ty.clone())?);
        self.type_numbers.insert(ty.clone(), number);
        Ok(number)
    }

    /// The function that runs at the start: the only one there is, or a new one that calls all.
    fn start(&mut self, starts: &[(usize, u32)]) -> Result<Option<u32>, Refusal> {
        let functions = starts.iter().map(|&(member, index)| self.places[member].of(Space::Function, index));
        let functions: Vec<u32> = functions.collect::<Result<_, _>>()?;
        if functions.len() < 2 {
            return Ok(functions.first().copied());
        }
        let ty = self.type_number(&FuncType::new([], []))?;
        let index = self.outside.len() as u32 + self.functions.len();
        self.functions.function(ty);
        let mut body = Function::new([]);
        for function in functions {
            body.instructions().call(function);
        }
        body.instructions().end();
        self.code.function(&body);
        self.names.insert(index, "start".to_owned());
        Ok(Some(index))
    }

    fn finish(
        self,
        members: &[Member<'_>],
        start: Option<u32>,
        exports: &[Export],
    ) -> Result<Vec<u8>, Refusal> {
        let mut imports = ImportSection::new();
        for (number, ty) in self.outside.iter().enumerate() {
            let ty = ty.ok_or_else(|| Refusal::new("a function from outside has no type"))?;
            imports.import(OUTSIDE, &number.to_string(), EntityType::Function(ty));
        }
        let mut exported = ExportSection::new();
        for Export { name, member, space, index } in exports {
            exported.export(name, ExportKind::from(*space), self.places[*member].of(*space, *index)?);
        }
        let mut module = Module::new();
        module.section(&self.types).section(&imports).section(&self.functions);
        module.section(&self.tables).section(&self.memories).section(&self.globals).section(&exported);
        if let Some(function_index) = start {
            module.section(&StartSection { function_index });
        }
        module.section(&self.elements);
        if members.iter().any(|member| member.module.has_data_count) {
            module.section(&DataCountSection { count: self.data.len() });
        }
        module.section(&self.code).section(&self.data);
        let names: Vec<_> = members.iter().map(|member| &member.module.names).collect();
        names::write(&mut module, &self.names, &names);
        Ok(module.finish())
    }
}
