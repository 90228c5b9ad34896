// Defined here and not in the header: two modules that see the C library differently cannot be imported together.
#define _GNU_SOURCE
#include "CLinux.h"

#include <link.h>
#include <sys/mman.h>

int clinux_accept4(int listener, struct sockaddr *address, socklen_t *length, int flags) {
    return accept4(listener, address, length, flags);
}

// Whether the loader wrote into pages that are not writable: those are not what the file says.
static int has_text_relocations(const struct dl_phdr_info *image) {
    for (int i = 0; i < image->dlpi_phnum; i++) {
        if (image->dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
        const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(image->dlpi_addr + image->dlpi_phdr[i].p_vaddr);
        for (; entry->d_tag != DT_NULL; entry++) {
            if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL))) return 1;
        }
    }
    return 0;
}

static int forget_segments(struct dl_phdr_info *image, size_t size, void *nothing) {
    (void)size;
    (void)nothing;
    if (has_text_relocations(image)) return 0;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
        const uintptr_t first = image->dlpi_addr + segment->p_vaddr;
        const uintptr_t start = (first + page - 1) & ~(page - 1), end = (first + segment->p_filesz) & ~(page - 1);
        if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void clinux_forget_unwritable_pages(void) { dl_iterate_phdr(forget_segments, 0); }
