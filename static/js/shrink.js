// A photo made smaller before it is sent over a slow network: to the size that the server keeps. The server reads place
// and time from the photo's Exif, which a canvas drops: so it is copied into the smaller picture.
(() => {
  const MAX_EDGE_PX = 1600; // the largest variant that the server makes (media/decoding.py)
  const QUALITY = 0.85;
  const HEAD_BYTES = 300_000; // Exif stands at the beginning of the file, in at most 64 kB
  const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0]; // "Exif\0\0"
  const ORIENTATION = 0x0112;

  // The segment with the Exif of a JPEG, or null; its orientation is set to upright, as the canvas turns the picture.
  const readExif = async (file) => {
    const bytes = await file.slice(0, HEAD_BYTES).arrayBuffer();
    const view = new DataView(bytes);
    for (let at = 2; at + 4 <= view.byteLength && view.getUint8(at) === 0xff; ) {
      const length = view.getUint16(at + 2);
      if (view.getUint8(at + 1) === 0xda) return null; // the picture itself begins
      const isExif = view.getUint8(at + 1) === 0xe1 && EXIF.every((byte, i) => view.getUint8(at + 4 + i) === byte);
      if (isExif) {
        const segment = bytes.slice(at, at + 2 + length);
        setUpright(new DataView(segment, 10));
        return segment;
      }
      at += 2 + length;
    }
    return null;
  };

  const setUpright = (tiff) => {
    const little = tiff.getUint16(0) === 0x4949;
    const start = tiff.getUint32(4, little);
    const count = tiff.getUint16(start, little);
    for (let i = 0; i < count; i++) {
      const entry = start + 2 + 12 * i;
      if (tiff.getUint16(entry, little) === ORIENTATION) tiff.setUint16(entry + 8, 1, little);
    }
  };

  const draw = async (file) => {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, MAX_EDGE_PX / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  };

  // The smaller photo; the photo itself if it is no JPEG, cannot be read here, or would not get smaller.
  window.shrinkPhoto = async (file) => {
    if (file.type !== "image/jpeg") return file;
    try {
      const [exif, picture] = [await readExif(file), await draw(file)];
      if (!picture || picture.size + (exif?.byteLength ?? 0) >= file.size) return file;
      const parts = [picture.slice(0, 2), exif ?? "", picture.slice(2)];
      return new File(parts, file.name, { type: "image/jpeg", lastModified: file.lastModified });
    } catch (error) {
      // A picture that this browser cannot read is for the server to judge.
      console.info("The photo is sent as it is:", error.message);
      return file;
    }
  };
})();
