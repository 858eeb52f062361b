/** A compact JWS in one spelling only: no other text decodes to the same bytes. Nothing is verified yet. */
export interface CompactJwt {
  /** The first segment as sent: equal text means an equal header. */
  readonly headerText: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** What the signature covers, ASCII. */
  readonly signed: string;
  readonly signature: Buffer;
}

const longestJwt = 8_192;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Splits and decodes; `undefined` when the text is not exactly one compact JWT in canonical base64url, of at most `longest` characters. */
export function parseCompactJwt(text: string, longest = longestJwt): CompactJwt | undefined {
  if (text.length > longest) return undefined;
  const segments = text.split('.');
  const [headerText, payloadText, signatureText] = segments;
  if (segments.length !== 3 || headerText === undefined || payloadText === undefined || signatureText === undefined)
    return undefined;
  const payload = parseJsonSegment(payloadText);
  const signature = decodeCanonical(signatureText);
  if (payload === undefined || signature === undefined || decodeCanonical(headerText) === undefined) return undefined;
  return { headerText, payload, signed: `${headerText}.${payloadText}`, signature };
}

/** The JSON object in one segment, or `undefined`. */
export function parseJsonSegment(segment: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = decodeCanonical(segment);
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(strictUtf8.decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** security: `Buffer` forgives padding, other alphabets and loose last bits, which would make many texts of one proof. */
function decodeCanonical(segment: string): Buffer | undefined {
  const bytes = Buffer.from(segment, 'base64url');
  return bytes.toString('base64url') === segment ? bytes : undefined;
}
