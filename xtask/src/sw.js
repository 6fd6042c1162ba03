// Loam without a network: keeps page and CPU path, and the GPU path once it was used. Written into dist/ by `cargo xtask build`.
// The network comes first wherever there is one: the workers' file names carry no version, so page and workers must be of one age.
'use strict';
const CACHE = 'loam-__LOAM_VERSION__';
const FILES = __LOAM_FILES__;

self.addEventListener('install', event => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then(cache => cache.addAll(FILES.map(file => new Request(file, { cache: 'no-cache' })))));
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
