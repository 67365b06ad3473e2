/** Made by assets.py from styles.css. */
declare const styles: string;
export default styles;
