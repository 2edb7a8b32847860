//! Sparse weights as text: bytes in base64, small enough to travel in a page.
//!
//! The format: for each matrix of [`Model::matrices`] in turn, the number of stored rows; for each of them its distance
//! from the row before (the first: from −1), how many entries it has, and for each entry its distance from the column
//! before and the index of its value in one table. All of them are numbers in groups of seven bits, least significant
//! first, the top bit set where more follow. Biases are written apart, as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use raspc_model::matrix::SparseMatrix;
use raspc_model::model::Model;
use serde_json::{Value as Json, json};

/// The weights: `values` (the table), `bytes`, and the biases `b_K` `[layer][head]` and `b_in` `[layer]` as (index, value).
pub(super) fn pack(model: &Model) -> Json {
    let mut values: IndexMap<u32, ()> = IndexMap::new();
    let mut bytes = Vec::new();
    for matrix in model.matrices() {
        write_matrix(matrix, &mut values, &mut bytes);
    }
    let b_k = model.layers.iter().map(|l| l.heads.iter().map(|h| json!(h.b_k)).collect());
    let b_in = model.layers.iter().map(|l| {
        let entries = l.b_in.iter().enumerate().filter(|b| *b.1 != 0.0);
        entries.map(|(i, b)| json!([i, b])).collect()
    });
    json!({
        "values": values.keys().map(|&bits| f32::from_bits(bits)).collect::<Vec<f32>>(),
        "bytes": STANDARD.encode(&bytes),
        "b_K": b_k.collect::<Vec<Vec<Json>>>(),
        "b_in": b_in.collect::<Vec<Vec<Json>>>(),
    })
}

fn write_matrix(matrix: &SparseMatrix, values: &mut IndexMap<u32, ()>, bytes: &mut Vec<u8>) {
    write_number(matrix.stored_rows().len(), bytes);
    let mut last_row = -1;
    for (i, &row) in matrix.stored_rows().iter().enumerate() {
        let (columns, entries) = matrix.stored_row(i);
        write_number((i64::from(row) - last_row) as usize, bytes);
        write_number(columns.len(), bytes);
        last_row = i64::from(row);
        let mut last_column = -1;
        for (&column, value) in columns.iter().zip(entries) {
            write_number((i64::from(column) - last_column) as usize, bytes);
            last_column = i64::from(column);
            write_number(values.insert_full(value.to_bits(), ()).0, bytes);
        }
    }
}

fn write_number(mut n: usize, bytes: &mut Vec<u8>) {
    while n >= 128 {
        bytes.push((n % 128) as u8 | 128);
        n /= 128;
    }
    bytes.push(n as u8);
}
