/** Made by assets.py from the gateway's settings. */
declare const settings: { privacy: string | null };
export default settings;
