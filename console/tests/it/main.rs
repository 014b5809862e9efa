//! What the console's routes answer, and that its files are what they claim to be.

mod files;
mod routes;
