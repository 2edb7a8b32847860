// Keeps the site for when there is no network, where the browser can: over https, or from the loopback address.
export function keepOffline() {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator) || !window.isSecureContext) return;
  // Assets lie one folder below the site's root, where sw.js is.
  const address = new URL('../sw.js', import.meta.url);
  const register = () => navigator.serviceWorker.register(address).catch(() => {
    // Without it the site works as long as there is a network.
  });
  if (document.readyState === 'complete') register();
  else window.addEventListener('load', register);
}
