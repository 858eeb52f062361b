const get = ['GET'];
const safe = ['GET', 'HEAD'];
const all = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const post = ['POST'];

/** Which technique uses which methods. */
export const techniques: Readonly<Record<string, readonly string[]>> = {
  'fetch cors': all,
  'fetch cors json': ['POST', 'PUT', 'PATCH', 'DELETE'],
  'fetch cors with our headers': get,
  'fetch no-cors': ['GET', 'HEAD', 'POST'],
  'fetch no-cors form': post,
  'fetch no-cors without type': post,
  'fetch keepalive': post,
  'fetch range': get,
  XMLHttpRequest: ['GET', 'POST'],
  beacon: post,
  image: get,
  'image with cors': get,
  script: get,
  'module script': get,
  import: get,
  stylesheet: get,
  preload: get,
  prefetch: get,
  modulepreload: get,
  audio: get,
  video: get,
  object: get,
  embed: get,
  'css import': get,
  font: get,
  frame: get,
  'sandboxed frame': get,
  'fetch from a sandboxed frame': safe,
  'form in a frame': ['GET', 'POST'],
  'form of plain text in a frame': post,
  'form with files in a frame': post,
  'form in a new window': ['GET', 'POST'],
  'new window': get,
  'link with ping': post,
  EventSource: get,
  WebSocket: get,
};

/** These only send, or read nothing of what a plain server answers. */
export const sendOnly: readonly string[] = [
  'beacon',
  'link with ping',
  'audio',
  'video',
  'font',
  'embed',
  'WebSocket',
  'sandboxed frame',
  'fetch from a sandboxed frame',
];
