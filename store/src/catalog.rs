//! The datasets of all plugins held against the tables of the schema, and the SQL for each, written once.

use std::collections::HashMap;

use datalake_core::{Dataset, Error, Merge, Result, Shape};
use rusqlite::Connection;

use crate::error::plain;
use crate::rules;
use crate::schema::Schema;

/// The columns that the store keeps in every table of rows.
pub(crate) const KEPT: [&str; 10] = [
    "origin",
    "origin_start",
    "origin_end",
    "origin_pointer",
    "version",
    "version_hash",
    "first_order",
    "scope",
    "seen",
    "batch",
];

/// A dataset and the SQL that writes it.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The dataset.
    pub(crate) dataset: &'static Dataset,
    /// Inserts a row, or does nothing when one with its key is there. Parameters: [`Plan::written`], for a
    /// table of rows then [`KEPT`] and, where there are, the file's path and the tags.
    pub(crate) insert: String,
    /// The columns of the dataset that ingestion writes, by number.
    pub(crate) written: Vec<usize>,
    /// Reads the row of a key: id, then [`Plan::written`], then [`KEPT`], then the link columns.
    pub(crate) select: String,
    /// The key columns, by number.
    pub(crate) key: Vec<usize>,
    /// The link columns, by number.
    pub(crate) links: Vec<usize>,
    /// Adds rows to the full-text index by a range of ids.
    pub(crate) index_range: Option<String>,
    /// Takes one row, as it is in the table, out of the full-text index.
    pub(crate) unindex: Option<String>,
}

/// The datasets of a program with their SQL, and the schema they need.
#[derive(Debug)]
pub struct Catalog {
    plans: HashMap<&'static str, Plan>,
    datasets: Vec<&'static Dataset>,
    fragments: Vec<(String, String)>,
}

impl Catalog {
    /// The datasets, and the plugins' own SQL with their names. Held against the schema by
    /// [`Catalog::check`].
    pub fn new(datasets: &[&'static Dataset], fragments: &[(&str, &str)]) -> Self {
        let mut datasets = datasets.to_vec();
        datasets.sort_by_key(|dataset| dataset.name);
        Self {
            plans: datasets
                .iter()
                .map(|dataset| (dataset.name, Plan::new(dataset)))
                .collect(),
            datasets,
            fragments: fragments
                .iter()
                .map(|(name, sql)| ((*name).to_owned(), (*sql).to_owned()))
                .collect(),
        }
    }

    /// The stock schema with the plugins' fragments, after holding the datasets against it.
    ///
    /// # Errors
    /// A dataset names a table or column that the schema lacks, or a key that is not unique: a bug of the
    /// plugin, told with its name.
    pub fn check(&self) -> Result<Schema> {
        let schema = Schema::assemble(&self.fragments)?;
        let memory =
            Connection::open_in_memory().and_then(|c| c.execute_batch(&schema.text).map(|()| c));
        let memory = memory.map_err(|error| Error::bug(plain(&error)))?;
        for dataset in &self.datasets {
            check(&memory, dataset)
                .map_err(|error| error.at(format!("dataset {}", dataset.name)))?;
        }
        Ok(schema)
    }

    /// A hash of everything that [`Catalog::check`] looks at. A database that was opened with the same one
    /// needs no second look, which would cost more than all the rest of a run with nothing new.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(crate::schema::SCHEMA.as_bytes());
        hasher.update(format!("{:?}{:?}", self.fragments, self.datasets).as_bytes());
        hasher.finalize().to_hex()[..32].to_owned()
    }

    /// The datasets by name.
    pub fn datasets(&self) -> &[&'static Dataset] {
        &self.datasets
    }

    /// A dataset by its name.
    pub fn dataset(&self, name: &str) -> Option<&'static Dataset> {
        self.plans.get(name).map(|plan| plan.dataset)
    }

    pub(crate) fn plan(&self, name: &str) -> Result<&Plan> {
        self.plans
            .get(name)
            .ok_or_else(|| Error::bug(format!("no plugin of this program has the dataset {name}")))
    }

    pub(crate) fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.datasets
            .iter()
            .filter_map(|dataset| self.plans.get(dataset.name))
    }
}

impl Plan {
    fn new(dataset: &'static Dataset) -> Self {
        let of = |wanted: fn(Merge) -> bool| -> Vec<usize> {
            (0..dataset.columns.len())
                .filter(|&number| wanted(dataset.columns[number].merge))
                .collect()
        };
        let written = of(|merge| {
            !matches!(
                merge,
                Merge::User | Merge::Link | Merge::LinkedBy(_) | Merge::Derived
            )
        });
        let links = of(|merge| merge == Merge::Link);
        let key = dataset
            .key
            .iter()
            .filter_map(|name| dataset.column(name))
            .collect();
        Self {
            insert: insert_sql(dataset, &written),
            select: select_sql(dataset, &written, &links),
            key,
            links,
            index_range: (!dataset.text.is_empty()).then(|| {
                let columns = dataset.text.join(", ");
                let Dataset { name, table, .. } = dataset;
                format!(
                    "INSERT INTO {name}_fts(rowid, {columns}) SELECT id, {columns} FROM {table} WHERE id BETWEEN ?1 AND ?2"
                )
            }),
            unindex: (!dataset.text.is_empty()).then(|| {
                let columns = dataset.text.join(", ");
                let Dataset { name, table, .. } = dataset;
                format!(
                    "INSERT INTO {name}_fts({name}_fts, rowid, {columns}) SELECT 'delete', id, {columns} FROM {table} WHERE id = ?1"
                )
            }),
            written,
            dataset,
        }
    }

    /// The name of a column by number.
    pub(crate) fn name(&self, column: usize) -> &'static str {
        self.dataset.columns[column].name
    }

    /// The column that says how the target of a link column was found, if there is one.
    pub(crate) fn linked_by(&self, link: &str) -> Option<&'static str> {
        let mut columns = self.dataset.columns.iter();
        let says =
            columns.find(|column| matches!(column.merge, Merge::LinkedBy(name) if name == link));
        says.map(|column| column.name)
    }

    /// The columns beside those of the dataset that an insert fills: [`KEPT`], file and tags.
    pub(crate) fn extra_names(dataset: &Dataset) -> Vec<&'static str> {
        let mut names = KEPT.to_vec();
        names.extend(dataset.file);
        names.extend(dataset.tags.then_some("tags"));
        names
    }
}

fn insert_sql(dataset: &Dataset, written: &[usize]) -> String {
    let mut names: Vec<&str> = written
        .iter()
        .map(|&number| dataset.columns[number].name)
        .collect();
    match dataset.shape {
        Shape::Series => names.extend(["origin", "origin_start"]),
        Shape::Rows => names.extend(Plan::extra_names(dataset)),
    }
    let marks = vec!["?"; names.len()].join(", ");
    format!(
        "INSERT INTO {} ({}) VALUES ({marks}) ON CONFLICT DO NOTHING",
        dataset.table,
        names.join(", ")
    )
}

fn select_sql(dataset: &Dataset, written: &[usize], links: &[usize]) -> String {
    let name = |&number: &usize| dataset.columns[number].name;
    let mut names = vec!["id"];
    names.extend(written.iter().map(name));
    names.extend(Plan::extra_names(dataset));
    names.extend(links.iter().map(name));
    let key: Vec<String> = dataset
        .key
        .iter()
        .map(|column| format!("{column} IS ?"))
        .collect();
    format!(
        "SELECT {} FROM {} WHERE {}",
        names.join(", "),
        dataset.table,
        key.join(" AND ")
    )
}

/// Holds a dataset against its table.
fn check(memory: &Connection, dataset: &Dataset) -> Result<()> {
    let failed = |error: rusqlite::Error| Error::bug(plain(&error));
    let columns = columns_of(memory, dataset.table).map_err(failed)?;
    if columns.is_empty() {
        return Err(Error::bug(format!(
            "the schema has no table {}",
            dataset.table
        )));
    }
    let mut wanted: Vec<&str> = dataset.columns.iter().map(|column| column.name).collect();
    match dataset.shape {
        Shape::Series => wanted.extend(["origin", "origin_start"]),
        Shape::Rows => {
            wanted.push("id");
            wanted.extend(Plan::extra_names(dataset));
        }
    }
    for name in wanted {
        if !columns.iter().any(|column| column == name) {
            return Err(Error::bug(format!(
                "the table {} has no column {name}",
                dataset.table
            )));
        }
    }
    let own = dataset
        .key
        .iter()
        .chain([&dataset.time])
        .chain(dataset.text)
        .chain(&dataset.device)
        .chain(&dataset.title);
    for name in own {
        if dataset.column(name).is_none() && *name != "tags" {
            return Err(Error::bug(format!(
                "it names the column {name}, which it does not declare"
            )));
        }
    }
    check_key(memory, dataset)?;
    check_text(memory, dataset)?;
    match dataset.shape {
        Shape::Rows => rules::check(memory, dataset),
        Shape::Series => Ok(()),
    }
}

fn columns_of(memory: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = memory.prepare("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// The key must be a unique index of the table, with just these columns.
fn check_key(memory: &Connection, dataset: &Dataset) -> Result<()> {
    let sql = "SELECT group_concat(name, ',') FROM (SELECT l.name AS list, i.name AS name
               FROM pragma_index_list(?1) AS l, pragma_index_info(l.name) AS i WHERE l.\"unique\" AND NOT l.partial
               ORDER BY l.name, i.name) GROUP BY list";
    let unique = || -> rusqlite::Result<Vec<String>> {
        let mut statement = memory.prepare(sql)?;
        statement
            .query_map([dataset.table], |row| row.get(0))?
            .collect()
    };
    let unique = unique().map_err(|error| Error::bug(plain(&error)))?;
    let mut key = dataset.key.to_vec();
    key.sort_unstable();
    if key.is_empty() || !unique.contains(&key.join(",")) {
        return Err(Error::bug(format!(
            "its key ({}) is no unique key of the table {}",
            dataset.key.join(", "),
            dataset.table
        )));
    }
    Ok(())
}

/// The full-text index must have the text columns in the same order.
fn check_text(memory: &Connection, dataset: &Dataset) -> Result<()> {
    if dataset.text.is_empty() {
        return Ok(());
    }
    let index = format!("{}_fts", dataset.name);
    let columns = columns_of(memory, &index).map_err(|error| Error::bug(plain(&error)))?;
    if columns != dataset.text {
        return Err(Error::bug(format!(
            "its text columns ({}) are not those of {index} ({})",
            dataset.text.join(", "),
            columns.join(", ")
        )));
    }
    Ok(())
}
