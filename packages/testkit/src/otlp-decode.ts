/**
 * Reads what an OTLP exporter sends, by the numbers of the fields (opentelemetry-proto, trace/v1): independent of the
 * library that wrote it, so that a test sees what a collector sees.
 */

export type AttributeValue = string | number | boolean;
export type ReceivedSpan = {
  traceId: string;
  spanId: string;
  /** Null for the first of its trace. */
  parentSpanId: string | null;
  traceState: string;
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  attributes: Readonly<Record<string, AttributeValue>>;
  links: readonly { traceId: string; spanId: string }[];
  /** The status is an error. */
  failed: boolean;
  durationMs: number;
  /** Attributes of the process that sent it. */
  resource: Readonly<Record<string, AttributeValue>>;
};

/** The fields of one message by number: numbers of varint and fixed fields, bytes of the others. */
type Fields = Map<number, (bigint | Buffer)[]>;

const kinds = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const errorStatus = 2;
const nanosecondsPerMs = 1_000_000;

/** The spans of an ExportTraceServiceRequest; throws when it is none. */
export function decodeTraces(body: Buffer): ReceivedSpan[] {
  return messagesOf(body, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messagesIn(resourceSpans, 1).flatMap((one) => messagesIn(one, 1)));
    return messagesIn(resourceSpans, 2)
      .flatMap((scopeSpans) => messagesIn(scopeSpans, 2))
      .map((span) => spanOf(span, resource));
  });
}

function spanOf(span: Fields, resource: ReceivedSpan['resource']): ReceivedSpan {
  const parent = hexOf(span, 4);
  const [status] = messagesIn(span, 15);
  return {
    traceId: hexOf(span, 1),
    spanId: hexOf(span, 2),
    parentSpanId: parent === '' ? null : parent,
    traceState: textOf(span, 3),
    name: textOf(span, 5),
    kind: kinds[Number(numberOf(span, 6))] ?? 'internal',
    attributes: attributesOf(messagesIn(span, 9)),
    links: messagesIn(span, 13).map((link) => ({ traceId: hexOf(link, 1), spanId: hexOf(link, 2) })),
    failed: status !== undefined && Number(numberOf(status, 3)) === errorStatus,
    durationMs: Number(numberOf(span, 8) - numberOf(span, 7)) / nanosecondsPerMs,
    resource,
  };
}

function attributesOf(pairs: readonly Fields[]): Record<string, AttributeValue> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [value = new Map<number, (bigint | Buffer)[]>()] = messagesIn(pair, 2);
      return [textOf(pair, 1), valueOf(value)];
    }),
  );
}

function valueOf(value: Fields): AttributeValue {
  if (value.has(2)) return numberOf(value, 2) === 1n;
  if (value.has(3)) return Number(BigInt.asIntN(64, numberOf(value, 3)));
  if (value.has(4)) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(numberOf(value, 4));
    return bytes.readDoubleLE();
  }
  return textOf(value, 1);
}

function bytesIn(fields: Fields, number: number): Buffer[] {
  return (fields.get(number) ?? []).filter((value) => typeof value !== 'bigint');
}

function messagesIn(fields: Fields, number: number): Fields[] {
  return bytesIn(fields, number).map(readFields);
}

function messagesOf(body: Buffer, number: number): Fields[] {
  return messagesIn(readFields(body), number);
}

function textOf(fields: Fields, number: number): string {
  return bytesIn(fields, number)[0]?.toString() ?? '';
}

function hexOf(fields: Fields, number: number): string {
  return bytesIn(fields, number)[0]?.toString('hex') ?? '';
}

function numberOf(fields: Fields, number: number): bigint {
  const value = fields.get(number)?.[0];
  return typeof value === 'bigint' ? value : 0n;
}

/** The wire format of protocol buffers: a tag, which names field and form, then the value. */
function readFields(bytes: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  function varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) throw new Error('the message ends in the middle of a number');
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a number has more than 64 bits');
  }
  function take(length: number): Buffer {
    if (at + length > bytes.length) throw new Error('the message ends in the middle of a field');
    at += length;
    return bytes.subarray(at - length, at);
  }
  function readValue(form: number): bigint | Buffer {
    switch (form) {
      case 0:
        return varint();
      case 1:
        return take(8).readBigUInt64LE();
      case 2:
        return take(Number(varint()));
      case 5:
        return BigInt(take(4).readUInt32LE());
      default:
        throw new Error(`a field has the unknown form ${form}`);
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    fields.set(number, [...(fields.get(number) ?? []), readValue(tag & 7)]);
  }
  return fields;
}
