/** Puts words on the clipboard; by the old way where the new one is not given, as in some panels. @throws Error where neither is */
export async function copyText(words: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(words);
    return;
  } catch {
    // no permission, or no such thing
  }
  const field = document.createElement("textarea");
  field.value = words;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (!isCopied) throw new Error("the clipboard is closed to this page");
}
