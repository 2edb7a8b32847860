//! The messages of the ONNX format that an exported graph needs, by their public field numbers.

use prost::Message;

/// `AttributeProto.type` of an integer.
const INT: i32 = 2;
/// `AttributeProto.type` of a list of integers.
const INTS: i32 = 7;

/// Element types of tensors (`TensorProto.DataType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Float = 1,
    Int64 = 7,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct ModelProto {
    #[prost(int64, optional, tag = "1")]
    pub(in crate::export) ir_version: Option<i64>,
    #[prost(string, optional, tag = "2")]
    pub(in crate::export) producer_name: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(in crate::export) producer_version: Option<String>,
    #[prost(message, optional, tag = "7")]
    pub(in crate::export) graph: Option<GraphProto>,
    #[prost(message, repeated, tag = "8")]
    pub(in crate::export) opset_import: Vec<OperatorSetIdProto>,
    #[prost(message, repeated, tag = "14")]
    pub(in crate::export) metadata_props: Vec<StringStringEntryProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct OperatorSetIdProto {
    #[prost(string, optional, tag = "1")]
    pub(in crate::export) domain: Option<String>,
    #[prost(int64, optional, tag = "2")]
    pub(in crate::export) version: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct StringStringEntryProto {
    #[prost(string, optional, tag = "1")]
    pub(in crate::export) key: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(in crate::export) value: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct GraphProto {
    #[prost(message, repeated, tag = "1")]
    pub(in crate::export) node: Vec<NodeProto>,
    #[prost(string, optional, tag = "2")]
    pub(in crate::export) name: Option<String>,
    #[prost(message, repeated, tag = "5")]
    pub(in crate::export) initializer: Vec<TensorProto>,
    #[prost(message, repeated, tag = "11")]
    pub(in crate::export) input: Vec<ValueInfoProto>,
    #[prost(message, repeated, tag = "12")]
    pub(in crate::export) output: Vec<ValueInfoProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct NodeProto {
    #[prost(string, repeated, tag = "1")]
    pub(in crate::export) input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub(in crate::export) output: Vec<String>,
    #[prost(string, optional, tag = "3")]
    pub(in crate::export) name: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(in crate::export) op_type: Option<String>,
    #[prost(message, repeated, tag = "5")]
    pub(in crate::export) attribute: Vec<AttributeProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct AttributeProto {
    #[prost(string, optional, tag = "1")]
    pub(in crate::export) name: Option<String>,
    #[prost(int64, optional, tag = "3")]
    pub(in crate::export) i: Option<i64>,
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub(in crate::export) ints: Vec<i64>,
    #[prost(int32, optional, tag = "20")]
    pub(in crate::export) kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct TensorProto {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub(in crate::export) dims: Vec<i64>,
    #[prost(int32, optional, tag = "2")]
    pub(in crate::export) data_type: Option<i32>,
    #[prost(string, optional, tag = "8")]
    pub(in crate::export) name: Option<String>,
    #[prost(bytes = "vec", optional, tag = "9")]
    pub(in crate::export) raw_data: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct ValueInfoProto {
    #[prost(string, optional, tag = "1")]
    pub(in crate::export) name: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub(in crate::export) kind: Option<TypeProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct TypeProto {
    #[prost(message, optional, tag = "1")]
    pub(in crate::export) tensor_type: Option<TensorTypeProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct TensorTypeProto {
    #[prost(int32, optional, tag = "1")]
    pub(in crate::export) elem_type: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(in crate::export) shape: Option<ShapeProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct ShapeProto {
    #[prost(message, repeated, tag = "1")]
    pub(in crate::export) dim: Vec<DimensionProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::export) struct DimensionProto {
    #[prost(int64, optional, tag = "1")]
    pub(in crate::export) dim_value: Option<i64>,
    #[prost(string, optional, tag = "2")]
    pub(in crate::export) dim_param: Option<String>,
}

/// An axis of an input or output.
#[derive(Clone, Copy, Debug)]
pub(super) enum Axis {
    /// Any length, the same wherever the name stands.
    Named(&'static str),
    /// That length.
    Fixed(usize),
    /// Any length.
    Any,
}

impl AttributeProto {
    pub(super) fn int(name: &str, value: i64) -> Self {
        Self { name: Some(name.to_owned()), i: Some(value), ints: Vec::new(), kind: Some(INT) }
    }

    pub(super) fn ints(name: &str, values: &[i64]) -> Self {
        Self { name: Some(name.to_owned()), i: None, ints: values.to_vec(), kind: Some(INTS) }
    }
}

impl TensorProto {
    /// A tensor whose bytes follow.
    pub(super) fn head(name: &str, element: Element, dims: &[usize]) -> Self {
        let dims = dims.iter().map(|&n| n as i64).collect();
        Self { dims, data_type: Some(element as i32), name: Some(name.to_owned()), raw_data: None }
    }

    /// A small tensor of integers.
    pub(super) fn ints(name: &str, dims: &[usize], values: &[i64]) -> Self {
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self { raw_data: Some(raw), ..Self::head(name, Element::Int64, dims) }
    }

    /// A number.
    pub(super) fn float(name: &str, value: f32) -> Self {
        Self { raw_data: Some(value.to_le_bytes().to_vec()), ..Self::head(name, Element::Float, &[]) }
    }
}

impl ValueInfoProto {
    pub(super) fn new(name: &str, element: Element, axes: &[Axis]) -> Self {
        let dim = axes.iter().map(|axis| match axis {
            Axis::Named(name) => DimensionProto { dim_value: None, dim_param: Some((*name).to_owned()) },
            Axis::Fixed(n) => DimensionProto { dim_value: Some(*n as i64), dim_param: None },
            Axis::Any => DimensionProto::default(),
        });
        let shape = Some(ShapeProto { dim: dim.collect() });
        let tensor_type = Some(TensorTypeProto { elem_type: Some(element as i32), shape });
        Self { name: Some(name.to_owned()), kind: Some(TypeProto { tensor_type }) }
    }
}
