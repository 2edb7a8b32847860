// Keeps the whole site for when there is no network. The list and its version are the build's; a new version is fetched whole
// before it takes the place of the old one.
const { version, files } = 'LIST';
const CACHE = `raspc-${new URL(self.registration.scope).pathname}-`;

self.addEventListener('install', (event) => {
  const all = ['./', ...files].map((f) => new Request(f, { cache: 'reload' }));
  event.waitUntil(caches.open(CACHE + version).then((cache) => cache.addAll(all)).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  const old = (name) => name.startsWith(CACHE) && name !== CACHE + version;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((n) => caches.delete(n)))).then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== self.location.origin) return;
  const kept = async () => {
    const cache = await caches.open(CACHE + version);
    return (await cache.match(request, { ignoreSearch: true })) ?? (request.mode === 'navigate' ? await cache.match(`${request.url.replace(/[?#].*$/, '').replace(/\/?$/, '/')}index.html`) : undefined) ?? fetch(request);
  };
  event.respondWith(kept());
});
