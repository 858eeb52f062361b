/**
 * What a hostile page does to one address, run inside a browser: this file has no imports, because its one function is handed to
 * the page as text. Each technique returns what the page could learn beyond "something failed".
 */

/** One attempt. `wait` names it to the test, which answers when a listener has seen the request. */
export interface Attempt {
  readonly technique: string;
  readonly method: string;
  readonly url: string;
  readonly tag: string;
}

export interface Outcome {
  readonly tag: string;
  /** What could be read, or that something was loaded. Empty is good. */
  readonly learned: readonly string[];
}

declare global {
  interface Window {
    /** Resolves once a listener has answered the request with this tag. */
    arrived(tag: string): Promise<void>;
  }
}

/** Runs attempts, some at a time. */
export async function attackFromPage(attempts: readonly Attempt[]): Promise<readonly Outcome[]> {
  const sink = document.querySelector('#sink') ?? document.body;
  const formType = 'application/x-www-form-urlencoded';
  const body = 'grant_type=x&client_id=y';
  const json = '{"input":"{}"}';

  async function readResponse(asked: Promise<Response>): Promise<string[]> {
    try {
      const response = await asked;
      if (response.type === 'opaque' || response.type === 'opaqueredirect') return [];
      const text = await response.text();
      // A refusal without a word is what every path answers, also one that does not exist.
      const refused = response.status === 403 || response.status === 421;
      return refused && text === '' ? [] : [`status ${response.status}`, text.slice(0, 80)];
    } catch {
      return [];
    }
  }

  function ask(attempt: Attempt, init: RequestInit): Promise<string[]> {
    return readResponse(fetch(attempt.url, { method: attempt.method, cache: 'no-store', credentials: 'include', ...init }));
  }

  /** An element that loads something; loading at all is more than a page may learn. */
  function load(element: HTMLElement, learned: () => string[] = () => []): Promise<string[]> {
    return new Promise((resolve) => {
      const done = (found: string[]): void => {
        element.remove();
        resolve(found);
      };
      for (const event of ['load', 'loadeddata', 'canplay']) {
        element.addEventListener(event, () => done([event, ...learned()]), { once: true });
      }
      element.addEventListener('error', () => done([]), { once: true });
      sink.append(element);
    });
  }

  function make<Name extends keyof HTMLElementTagNameMap>(name: Name, set: object): HTMLElementTagNameMap[Name] {
    return Object.assign(document.createElement(name), set);
  }

  /** A frame says `load` for an error page too: what counts is what can be read in it. */
  async function frame(set: object, attempt: Attempt, begin?: () => void): Promise<string[]> {
    const inside = make('iframe', set);
    const loaded = new Promise((resolve) => inside.addEventListener('load', resolve, { once: true }));
    sink.append(inside);
    if (begin) {
      // The empty page that it begins with has loaded; what it is led to comes next.
      await loaded;
      const led = new Promise((resolve) => inside.addEventListener('load', resolve, { once: true }));
      begin();
      await led;
    } else await loaded;
    await window.arrived(attempt.tag);
    const learned = readDocument(() => inside.contentDocument);
    inside.remove();
    return learned;
  }

  /** Of an origin of its own, so there is nothing in it to read; and its end is not always told. */
  async function sandboxed(set: object, attempt: Attempt): Promise<string[]> {
    const inside = make('iframe', { sandbox: 'allow-scripts allow-forms', ...set });
    sink.append(inside);
    await window.arrived(attempt.tag);
    const learned = readDocument(() => inside.contentDocument);
    inside.remove();
    return learned;
  }

  function readDocument(look: () => Document | null | undefined): string[] {
    try {
      const text = look()?.documentElement?.outerHTML ?? '';
      return text.replaceAll(/<[^>]*>/g, '').trim() === '' ? [] : [text.slice(0, 80)];
    } catch {
      return [];
    }
  }

  function submit(attempt: Attempt, set: { readonly target: string; readonly enctype: string }): void {
    const form = make('form', { action: attempt.url, method: attempt.method, ...set });
    // A form that is sent by GET replaces the query by its fields.
    form.append(make('input', { name: 'attack', value: attempt.tag }), make('input', { name: 'grant_type', value: 'x' }));
    sink.append(form);
    form.submit();
    form.remove();
  }

  let named = 0;

  async function formInFrame(attempt: Attempt, enctype: string): Promise<string[]> {
    named += 1;
    const name = `frame${named}`;
    return frame({ name }, attempt, () => submit(attempt, { target: name, enctype }));
  }

  /** True while a new window shows the empty page that it began with. */
  function isStillEmpty(opened: Window): boolean {
    try {
      return !opened.closed && (opened.location.href === 'about:blank' || opened.document.readyState !== 'complete');
    } catch {
      // It shows a page of another origin.
      return false;
    }
  }

  async function popup(attempt: Attempt, open: (name: string) => Window | null): Promise<string[]> {
    named += 1;
    const opened = open(`popup${named}`);
    await window.arrived(attempt.tag);
    for (let turn = 0; turn < 400 && opened && isStillEmpty(opened); turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const learned = readDocument(() => opened?.document);
    if ((opened?.length ?? 0) > 0) learned.push('frames');
    opened?.close();
    return learned;
  }

  const style = (css: string): HTMLStyleElement => make('style', { textContent: css });

  const techniques: Readonly<Record<string, (attempt: Attempt) => Promise<string[]>>> = {
    'fetch cors': (attempt) => ask(attempt, { mode: 'cors', ...(/GET|HEAD/.test(attempt.method) ? {} : { body }) }),
    'fetch cors json': (attempt) => ask(attempt, { mode: 'cors', headers: { 'content-type': 'application/json' }, body: json }),
    'fetch cors with our headers': (attempt) =>
      ask(attempt, { mode: 'cors', headers: { 'counterfoil-session': 'x', authorization: 'DPoP x', dpop: 'x' } }),
    'fetch no-cors': (attempt) => ask(attempt, { mode: 'no-cors', ...(/GET|HEAD/.test(attempt.method) ? {} : { body }) }),
    'fetch no-cors form': (attempt) => ask(attempt, { mode: 'no-cors', headers: { 'content-type': formType }, body }),
    'fetch no-cors without type': (attempt) => ask(attempt, { mode: 'no-cors', body: new Blob([json]) }),
    'fetch keepalive': (attempt) => ask(attempt, { mode: 'no-cors', keepalive: true, body }),
    'fetch range': (attempt) => ask(attempt, { mode: 'no-cors', headers: { range: 'bytes=0-' } }),
    XMLHttpRequest: (attempt) =>
      new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.withCredentials = true;
        request.onload = () =>
          resolve([403, 421].includes(request.status) && request.responseText === '' ? [] : [`status ${request.status}`]);
        request.onerror = () => resolve([]);
        request.open(attempt.method, attempt.url);
        request.send(attempt.method === 'GET' ? null : body);
      }),
    beacon: async (attempt) => {
      navigator.sendBeacon(attempt.url, new Blob([body], { type: formType }));
      await window.arrived(attempt.tag);
      return [];
    },
    image: (attempt) => load(make('img', { src: attempt.url })),
    'image with cors': (attempt) => load(make('img', { crossOrigin: 'use-credentials', src: attempt.url })),
    script: (attempt) => load(make('script', { src: attempt.url })),
    'module script': (attempt) => load(make('script', { type: 'module', src: attempt.url })),
    import: (attempt) =>
      import(attempt.url).then(
        (module: object) => ['ran', ...Object.keys(module)],
        () => [],
      ),
    stylesheet: (attempt) => load(make('link', { rel: 'stylesheet', href: attempt.url })),
    preload: (attempt) => load(make('link', { rel: 'preload', as: 'script', href: attempt.url })),
    prefetch: (attempt) => load(make('link', { rel: 'prefetch', href: attempt.url })),
    modulepreload: (attempt) => load(make('link', { rel: 'modulepreload', href: attempt.url })),
    audio: (attempt) => load(make('audio', { src: attempt.url })),
    video: (attempt) => load(make('video', { src: attempt.url })),
    object: async (attempt) => {
      const element = make('object', { data: attempt.url });
      const ended = new Promise((resolve) => {
        element.addEventListener('load', resolve);
        element.addEventListener('error', resolve);
      });
      sink.append(element);
      await Promise.all([window.arrived(attempt.tag), ended]);
      const learned = readDocument(() => element.contentDocument);
      element.remove();
      return learned;
    },
    embed: async (attempt) => {
      const element = make('embed', { src: attempt.url });
      sink.append(element);
      await window.arrived(attempt.tag);
      element.remove();
      return [];
    },
    'css import': async (attempt) => {
      const element = style(`@import url("${attempt.url}");`);
      // What arrived is not parsed yet. A browser that says neither within this time has read nothing.
      const ended = new Promise((resolve) => {
        element.addEventListener('load', resolve);
        element.addEventListener('error', resolve);
        setTimeout(resolve, 2_000);
      });
      sink.append(element);
      await Promise.all([window.arrived(attempt.tag), ended]);
      const learned = [...(element.sheet?.cssRules ?? [])].flatMap((rule) => {
        try {
          return [...((rule as CSSImportRule).styleSheet?.cssRules ?? [])].map((inner) => inner.cssText.slice(0, 80));
        } catch {
          return [];
        }
      });
      element.remove();
      return learned;
    },
    font: (attempt) =>
      new FontFace(attempt.tag.replaceAll(/[^a-z\d]/gi, ''), `url("${attempt.url}")`).load().then(
        () => ['a font'],
        () => [],
      ),
    frame: (attempt) => frame({ src: attempt.url }, attempt),
    'sandboxed frame': (attempt) => sandboxed({ src: attempt.url }, attempt),
    'fetch from a sandboxed frame': (attempt) => {
      const call = `fetch(${JSON.stringify(attempt.url)}, { method: ${JSON.stringify(attempt.method)}, mode: 'no-cors' })`;
      return sandboxed({ srcdoc: `<script>${call}.catch(() => {})</${'script'}>` }, attempt);
    },
    'form in a frame': (attempt) => formInFrame(attempt, formType),
    'form of plain text in a frame': (attempt) => formInFrame(attempt, 'text/plain'),
    'form with files in a frame': (attempt) => formInFrame(attempt, 'multipart/form-data'),
    'form in a new window': (attempt) =>
      popup(attempt, (name) => {
        const opened = window.open('', name);
        submit(attempt, { target: name, enctype: formType });
        return opened;
      }),
    'new window': (attempt) => popup(attempt, (name) => window.open(attempt.url, name)),
    'link with ping': async (attempt) => {
      const link = make('a', { href: '#', ping: attempt.url });
      sink.append(link);
      link.click();
      await window.arrived(attempt.tag);
      link.remove();
      return [];
    },
    EventSource: (attempt) =>
      new Promise((resolve) => {
        const source = new EventSource(attempt.url, { withCredentials: true });
        const end = (learned: string[]): void => {
          source.close();
          resolve(learned);
        };
        source.onopen = () => end(['open']);
        source.onmessage = () => end(['a message']);
        source.onerror = () => end([]);
      }),
    WebSocket: (attempt) =>
      new Promise((resolve) => {
        const socket = new WebSocket(attempt.url.replace(/^http/, 'ws'));
        const end = (learned: string[]): void => {
          socket.close();
          resolve(learned);
        };
        socket.onopen = () => end(['open']);
        socket.onmessage = () => end(['a message']);
        socket.onerror = () => end([]);
      }),
  };

  const outcomes: Outcome[] = [];
  const waiting = [...attempts];
  async function work(): Promise<void> {
    for (let attempt = waiting.shift(); attempt !== undefined; attempt = waiting.shift()) {
      const technique = techniques[attempt.technique];
      if (technique === undefined) throw new Error(`no technique ${attempt.technique}`);
      // Not every end is told, for example of a frame that the browser took away: then nothing was learned.
      const never = new Promise<string[]>((resolve) => setTimeout(() => resolve([]), 6_000));
      outcomes.push({ tag: attempt.tag, learned: await Promise.race([technique(attempt), never]) });
    }
  }
  await Promise.all(Array.from({ length: 8 }, work));
  return outcomes;
}
