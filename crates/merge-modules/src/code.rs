//! Encodes parsed definitions again, with other indexes.

use wasm_encoder::CanonicalFunctionSection;
use wasm_encoder::reencode::{self, Reencode, ReencodeComponent};
use wasmparser::CanonicalFunction;

use crate::refusal::Refusal;
use crate::space::Space;

/// A failure to encode.
pub(crate) type Failure = reencode::Error<Refusal>;

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::UserError(refusal) => refusal,
            other => Self::new(format!("it cannot be encoded again: {other}")),
        }
    }
}

/// Calls a function for each core index of a canonical function, and encodes what it returns.
pub(crate) struct Visit<F>(F);

impl<F: FnMut(Space, u32) -> Result<u32, Refusal>> Visit<F> {
    pub(crate) fn new(visit: F) -> Self {
        Self(visit)
    }

    /// Encodes one function.
    pub(crate) fn canonical(self, function: CanonicalFunction) -> Result<CanonicalFunctionSection, Refusal> {
        let mut section = CanonicalFunctionSection::new();
        self.canonical_into(&mut section, function)?;
        Ok(section)
    }

    /// Encodes one function at the end of a section.
    pub(crate) fn canonical_into(
        mut self,
        section: &mut CanonicalFunctionSection,
        function: CanonicalFunction,
    ) -> Result<(), Refusal> {
        Ok(self.parse_component_canonical(section, function)?)
    }

    fn visit(&mut self, space: Space, index: u32) -> Result<u32, Failure> {
        (self.0)(space, index).map_err(Failure::UserError)
    }
}

impl<F: FnMut(Space, u32) -> Result<u32, Refusal>> Reencode for Visit<F> {
    type Error = Refusal;

    fn function_index(&mut self, index: u32) -> Result<u32, Failure> {
        self.visit(Space::Function, index)
    }

    fn table_index(&mut self, index: u32) -> Result<u32, Failure> {
        self.visit(Space::Table, index)
    }

    fn memory_index(&mut self, index: u32) -> Result<u32, Failure> {
        self.visit(Space::Memory, index)
    }

    fn global_index(&mut self, index: u32) -> Result<u32, Failure> {
        self.visit(Space::Global, index)
    }

    fn tag_index(&mut self, index: u32) -> Result<u32, Failure> {
        self.visit(Space::Tag, index)
    }
}

impl<F: FnMut(Space, u32) -> Result<u32, Refusal>> ReencodeComponent for Visit<F> {}

/// Where the definitions of one module are in the merged one: new indexes, by old index.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) types: Vec<u32>,
    pub(crate) functions: Vec<u32>,
    pub(crate) tables: Vec<u32>,
    pub(crate) memories: Vec<u32>,
    pub(crate) globals: Vec<u32>,
    /// The number of element segments before this module's.
    pub(crate) elements_before: u32,
    /// The number of data segments before this module's.
    pub(crate) data_before: u32,
}

impl Places {
    pub(crate) fn of(&self, space: Space, index: u32) -> Result<u32, Refusal> {
        let places = match space {
            Space::Function => &self.functions,
            Space::Table => &self.tables,
            Space::Memory => &self.memories,
            Space::Global => &self.globals,
            Space::Tag => return Err(Refusal::new("a module uses exceptions")),
        };
        at(places, index)
    }
}

fn at(places: &[u32], index: u32) -> Result<u32, Refusal> {
    places.get(index as usize).copied().ok_or_else(|| Refusal::new("an index of a module has no definition"))
}

/// Encodes the parts of one module with their new indexes.
pub(crate) struct Renumber<'a>(pub(crate) &'a Places);

impl Reencode for Renumber<'_> {
    type Error = Refusal;

    fn type_index(&mut self, index: u32) -> Result<u32, Failure> {
        at(&self.0.types, index).map_err(Failure::UserError)
    }

    fn function_index(&mut self, index: u32) -> Result<u32, Failure> {
        self.0.of(Space::Function, index).map_err(Failure::UserError)
    }

    fn table_index(&mut self, index: u32) -> Result<u32, Failure> {
        self.0.of(Space::Table, index).map_err(Failure::UserError)
    }

    fn memory_index(&mut self, index: u32) -> Result<u32, Failure> {
        self.0.of(Space::Memory, index).map_err(Failure::UserError)
    }

    fn global_index(&mut self, index: u32) -> Result<u32, Failure> {
        self.0.of(Space::Global, index).map_err(Failure::UserError)
    }

    fn tag_index(&mut self, index: u32) -> Result<u32, Failure> {
        self.0.of(Space::Tag, index).map_err(Failure::UserError)
    }

    fn element_index(&mut self, index: u32) -> Result<u32, Failure> {
        Ok(self.0.elements_before + index)
    }

    fn data_index(&mut self, index: u32) -> Result<u32, Failure> {
        Ok(self.0.data_before + index)
    }
}
