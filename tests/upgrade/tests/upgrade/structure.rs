//! The structure of a database as lines of text, to compare databases.

use std::collections::BTreeSet;

use sqlx::AssertSqlSafe;
use tasker_test_support::TestDatabase;

/// The schemas that migrations create. Function sets are excluded, because each release installs its own.
const SCHEMAS: &str = "('tasker', 'tasker_lease', 'tasker_key_value', 'pgmq')";

const QUERIES: [&str; 9] = [
    "SELECT format('column %s.%s.%s: %s %s default %s identity %s', n.nspname, c.relname, a.attname,
                   format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' ELSE 'null' END,
                   pg_get_expr(d.adbin, d.adrelid), a.attidentity)
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'c', 'p') AND n.nspname IN SCHEMAS",
    "SELECT format('constraint %s on %s: %s', k.conname, k.conrelid::regclass, pg_get_constraintdef(k.oid))
     FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname IN SCHEMAS",
    "SELECT format('index %s', pg_get_indexdef(i.indexrelid))
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN SCHEMAS AND i.indisvalid",
    "SELECT format('trigger %s', pg_get_triggerdef(t.oid))
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN SCHEMAS AND NOT t.tgisinternal",
    "SELECT format('view %s.%s: %s', n.nspname, c.relname, pg_get_viewdef(c.oid))
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND n.nspname IN SCHEMAS",
    "SELECT format('function %s: %s', p.oid::regprocedure, md5(pg_get_functiondef(p.oid)))
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN SCHEMAS AND p.prokind = 'f'",
    "SELECT format('relation %s.%s: kind %s persistence %s options %s privileges %s', n.nspname, c.relname, c.relkind,
                   c.relpersistence, c.reloptions, (SELECT string_agg(format('%s %s', CASE WHEN x.grantee = 0 THEN
                       'public' ELSE x.grantee::regrole::text END, x.privilege_type), ', ' ORDER BY 1)
                       FROM aclexplode(c.relacl) x WHERE x.grantee <> c.relowner))
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN SCHEMAS",
    "SELECT format('schema %s: %s', n.nspname, (SELECT string_agg(format('%s %s', CASE WHEN x.grantee = 0 THEN 'public'
                       ELSE x.grantee::regrole::text END, x.privilege_type), ', ' ORDER BY 1)
                       FROM aclexplode(n.nspacl) x WHERE x.grantee <> n.nspowner))
     FROM pg_namespace n WHERE n.nspname IN SCHEMAS",
    "SELECT format('migration %s %s %s', version, encode(checksum, 'hex'), success) FROM public._sqlx_migrations",
];

/// Returns the structure of a database.
pub(crate) async fn of(database: &TestDatabase) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for query in QUERIES {
        let query = AssertSqlSafe(query.replace("SCHEMAS", SCHEMAS));
        let found: Vec<String> =
            sqlx::query_scalar(query).fetch_all(&database.pool).await.expect("the catalog");
        lines.extend(found);
    }
    lines
}

/// Returns the lines that only one of the two contains.
pub(crate) fn differences(fresh: &BTreeSet<String>, upgraded: &BTreeSet<String>) -> Vec<String> {
    let missing = fresh.difference(upgraded).map(|line| format!("  missing: {line}"));
    let extra = upgraded.difference(fresh).map(|line| format!("  extra:   {line}"));
    missing.chain(extra).collect()
}
