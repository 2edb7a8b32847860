//! Scopes: what names stand for, and where they are looked up.
//!
//! **Invariants.** Scopes are in one vector and refer to each other by index, parents before children, so that a
//! function's scope outlives every call and nothing is a cycle of pointers. Names are looked up when they are used: a
//! function sees what its defining scope holds at the time of the call.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::syntax::ast::{ExprId, Module};

use super::value::{Meta, Origin};

/// Index of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeId(u32);

/// Index of a definition that is evaluated when it is first used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LazyId(u32);

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Binding {
    /// A value.
    Value(Meta),
    /// A definition of the library or of a standard program that nothing has used yet.
    Lazy(LazyId),
    /// Its statement failed, which has been reported: whoever uses it says nothing more.
    Poisoned,
}

/// A definition that is evaluated when it is first used.
#[derive(Clone, Debug)]
pub struct Lazy {
    /// Its name.
    pub name: Arc<str>,
    /// The text it belongs to.
    pub module: Arc<Module>,
    /// The expression.
    pub expr: ExprId,
    /// Where its names are looked up.
    pub scope: ScopeId,
    /// Whose text that is.
    pub origin: Origin,
    /// Its value, once evaluated.
    pub value: Option<Meta>,
}

#[derive(Debug, Default)]
struct Scope {
    parent: Option<ScopeId>,
    names: IndexMap<Arc<str>, (u64, Binding)>,
    /// A loaded file's scope binds its public names in the loader's scope, too.
    exports_to: Option<ScopeId>,
    /// Something was lost here that may have bound any name: an unknown one has been reported already.
    poisoned: bool,
}

/// All scopes of a session.
#[derive(Debug, Default)]
pub struct Scopes {
    all: Vec<Scope>,
    lazies: Vec<Lazy>,
    /// Counts bindings, for the order of definition.
    clock: u64,
}

/// What a lookup finds.
#[derive(Clone, Debug)]
pub enum Found {
    /// A binding.
    Binding(Binding),
    /// Nothing, and it may have been lost in a statement that failed.
    Lost,
    /// Nothing.
    Nothing,
}

impl Scopes {
    /// A new, empty scope.
    pub fn add(&mut self, parent: Option<ScopeId>, exports_to: Option<ScopeId>) -> ScopeId {
        let id = ScopeId(u32::try_from(self.all.len()).expect("fewer than 2^32 scopes"));
        self.all.push(Scope { parent, exports_to, ..Scope::default() });
        id
    }

    /// A definition for later.
    pub fn add_lazy(&mut self, lazy: Lazy) -> LazyId {
        let id = LazyId(u32::try_from(self.lazies.len()).expect("fewer than 2^32 definitions"));
        self.lazies.push(lazy);
        id
    }

    /// The definition.
    pub fn lazy(&self, id: LazyId) -> &Lazy {
        &self.lazies[id.0 as usize]
    }

    /// Keeps the definition's value.
    pub fn set_lazy(&mut self, id: LazyId, value: Meta) {
        self.lazies[id.0 as usize].value = Some(value);
    }

    /// Binds the name in the scope and, when it is public, in the scopes that loaded it.
    pub fn bind(&mut self, scope: ScopeId, name: &Arc<str>, binding: &Binding) {
        let mut next = Some(scope);
        while let Some(id) = next {
            self.clock += 1;
            let scope = &mut self.all[id.0 as usize];
            scope.names.insert(name.clone(), (self.clock, binding.clone()));
            next = scope.exports_to.filter(|_| !name.starts_with('_'));
        }
    }

    /// Marks the scope (and those that loaded it) as having lost names nobody knows.
    pub fn poison(&mut self, scope: ScopeId) {
        let mut next = Some(scope);
        while let Some(id) = next {
            self.all[id.0 as usize].poisoned = true;
            next = self.all[id.0 as usize].exports_to;
        }
    }

    /// Looks a name up in the scope and its parents.
    pub fn find(&self, scope: ScopeId, name: &str) -> Found {
        let mut poisoned = false;
        for id in self.chain(scope) {
            let scope = &self.all[id.0 as usize];
            if let Some((_, binding)) = scope.names.get(name) {
                return Found::Binding(binding.clone());
            }
            poisoned |= scope.poisoned;
        }
        if poisoned { Found::Lost } else { Found::Nothing }
    }

    /// All names that can be used in the scope, inner ones first.
    pub fn visible(&self, scope: ScopeId) -> impl Iterator<Item = &str> {
        self.chain(scope).flat_map(|id| self.all[id.0 as usize].names.keys().map(AsRef::as_ref))
    }

    /// The scope's own values, in the order of their (last) definition.
    pub fn values(&self, scope: ScopeId) -> Vec<(Arc<str>, Meta)> {
        let mut values: Vec<_> = self.all[scope.0 as usize]
            .names
            .iter()
            .filter_map(|(name, (clock, binding))| match binding {
                Binding::Value(meta) => Some((*clock, name.clone(), meta.clone())),
                _ => None,
            })
            .collect();
        values.sort_by_key(|(clock, ..)| *clock);
        values.into_iter().map(|(_, name, meta)| (name, meta)).collect()
    }

    fn chain(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(Some(scope), |id| self.all[id.0 as usize].parent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn value(i: i64) -> Binding {
        Binding::Value(Meta::Atom(Value::int(i)))
    }

    #[test]
    fn a_loaded_file_exports_what_is_not_private_through_every_loader() {
        let mut scopes = Scopes::default();
        let main = scopes.add(None, None);
        let outer = scopes.add(None, Some(main));
        let inner = scopes.add(None, Some(outer));
        scopes.bind(inner, &Arc::from("x"), &value(1));
        scopes.bind(inner, &Arc::from("_y"), &value(2));
        assert!(matches!(scopes.find(main, "x"), Found::Binding(_)));
        assert!(matches!(scopes.find(main, "_y"), Found::Nothing));
        assert!(matches!(scopes.find(inner, "_y"), Found::Binding(_)));
    }

    #[test]
    fn values_come_in_the_order_of_their_last_definition() {
        let mut scopes = Scopes::default();
        let scope = scopes.add(None, None);
        for (name, i) in [("a", 1), ("b", 2), ("a", 3)] {
            scopes.bind(scope, &Arc::from(name), &value(i));
        }
        let names: Vec<_> = scopes.values(scope).into_iter().map(|(n, _)| n.to_string()).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn an_unknown_name_below_a_poisoned_scope_is_lost() {
        let mut scopes = Scopes::default();
        let outer = scopes.add(None, None);
        let inner = scopes.add(Some(outer), None);
        assert!(matches!(scopes.find(inner, "x"), Found::Nothing));
        scopes.poison(outer);
        assert!(matches!(scopes.find(inner, "x"), Found::Lost));
    }
}
