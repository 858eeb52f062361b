import type { IncomingMessage, ServerResponse } from 'node:http';
import { renderRefusalPage, setSecurityHeaders } from '../gate/gate.ts';

/** Answers with the page that explains every code: text that nothing interprets. */
export function answerErrorsPage(request: IncomingMessage, response: ServerResponse): void {
  const body = renderRefusalPage();
  setSecurityHeaders(response);
  response.writeHead(200, { 'Content-Type': 'text/markdown; charset=utf-8', 'Content-Length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}
