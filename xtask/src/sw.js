// Loam without a network: keeps page and CPU path, and the GPU's worker once it was used. Written into dist/ by `cargo xtask build`.
// A file with a hash in its name never changes: what is kept of it is used. For all others the network comes first.
'use strict';
const CACHE = 'loam-__LOAM_VERSION__';
const FILES = __LOAM_FILES__;

self.addEventListener('install', event => {
  self.skipWaiting();
  // One chosen under Help is kept when it is fetched.
  const own = file => !file.startsWith('./words/') || navigator.languages.some(name => file === `./words/${name.slice(0, 2)}.json`);
  event.waitUntil(caches.open(CACHE).then(cache => cache.addAll(FILES.filter(own).map(file => new Request(file, { cache: 'no-cache' })))));
});

self.addEventListener('activate', event => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith('loam-') && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener('fetch', event => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith((async () => {
    const cache = await caches.open(CACHE);
    if (/-[0-9a-f]{16}[._]/.test(request.url)) {
      const kept = await cache.match(request, { ignoreVary: true });
      if (kept) return kept;
    }
    try {
      const answer = await fetch(request);
      if (answer.ok && answer.status === 200) event.waitUntil(cache.put(request, answer.clone()));
      return answer;
    } catch (error) {
      const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
      if (kept) return kept;
      throw error;
    }
  })());
});
