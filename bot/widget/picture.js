// @ts-check
/** Images are drawn on a canvas: no page's policy for images stands in the way, and nothing in them can run. */

const SIDE = 360; // pixels

/** Draw an image small, and show it; what is no image stays hidden. @param {Blob} image @param {HTMLCanvasElement} canvas */
export async function draw(image, canvas) {
  try {
    const bitmap = await createImageBitmap(image);
    const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    canvas.hidden = false;
    bitmap.close();
  } catch {
    // The gateway says what is wrong with it.
  }
}
