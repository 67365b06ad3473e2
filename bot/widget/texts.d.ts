/** Made by assets.py from data/responses/widget.yml: texts by locale and name; what is missing is as in `de`. */
declare const texts: Record<"de" | "de-formal" | "en", Record<string, string | undefined>>;
export default texts;
