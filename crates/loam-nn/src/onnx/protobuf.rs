//! The part of ONNX's protobuf (onnx.proto, IR version 8) that a convolutional network takes: messages are written, none is read.

/// Bytes of a message.
#[derive(Default)]
pub(super) struct Message(pub Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// An integer under a field's number.
    pub fn int(mut self, field: u32, value: i64) -> Self {
        self.varint(u64::from(field) << 3);
        self.varint(value as u64);
        self
    }

    /// A float32.
    pub fn float(mut self, field: u32, value: f32) -> Self {
        self.varint(u64::from(field) << 3 | 5);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Text, bytes or a message.
    pub fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// Text.
    pub fn text(self, field: u32, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }
}

/// AttributeProto of whole numbers.
pub(super) fn ints(name: &str, values: &[i64]) -> Message {
    const INTS: i64 = 7;
    let attribute = Message::default().text(1, name);
    values.iter().fold(attribute, |attribute, value| attribute.int(8, *value)).int(20, INTS)
}

/// AttributeProto of a whole number.
pub(super) fn int(name: &str, value: i64) -> Message {
    const INT: i64 = 2;
    Message::default().text(1, name).int(3, value).int(20, INT)
}

/// AttributeProto of a float.
pub(super) fn float(name: &str, value: f32) -> Message {
    const FLOAT: i64 = 1;
    Message::default().text(1, name).float(2, value).int(20, FLOAT)
}

/// NodeProto: an operation from named values to a named value, which is the node's name too.
pub(super) fn node(operation: &str, inputs: &[&str], output: &str, attributes: &[Message]) -> Message {
    let node = inputs.iter().fold(Message::default(), |node, input| node.text(1, input));
    let node = node.text(2, output).text(3, output).text(4, operation);
    attributes.iter().fold(node, |node, attribute| node.bytes(5, &attribute.0))
}

/// TensorProto of float32.
pub(super) fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Message {
    const FLOAT: i64 = 1;
    let tensor = shape.iter().fold(Message::default(), |tensor, n| tensor.int(1, *n as i64)).int(2, FLOAT);
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    tensor.text(8, name).bytes(9, &bytes)
}

/// TensorProto of one whole number, in a list.
pub(super) fn whole_number(name: &str, value: i64) -> Message {
    const INT64: i64 = 7;
    Message::default().int(1, 1).int(2, INT64).text(8, name).bytes(9, &value.to_le_bytes())
}

/// ValueInfoProto of an image `[N, channels, H, W]` of float32, N, H and W left open.
pub(super) fn image(name: &str, channels: usize) -> Message {
    const FLOAT: i64 = 1;
    let open = |name: &str| Message::default().text(2, name);
    let dimensions = [open("N"), Message::default().int(1, channels as i64), open("H"), open("W")];
    let shape = dimensions.iter().fold(Message::default(), |shape, d| shape.bytes(1, &d.0));
    let tensor = Message::default().int(1, FLOAT).bytes(2, &shape.0);
    let kind = Message::default().bytes(1, &tensor.0);
    Message::default().text(1, name).bytes(2, &kind.0)
}
