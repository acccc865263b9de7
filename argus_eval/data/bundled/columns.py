"""Arrow types of the bundled samples: the published columns, and ``scene`` to join the image on."""

from __future__ import annotations

import pyarrow as pa

from argus_eval.errors import UnknownNameError

__all__ = ["POOL", "schema_of"]

_TEXT, _TEXTS = pa.string(), pa.list_(pa.string())
_I8, _I32, _I64, _F32 = pa.int8(), pa.int32(), pa.int64(), pa.float32()
_IMAGE = pa.struct({"bytes": pa.binary(), "path": _TEXT})
_NUMBERS = pa.list_(_F32)

#: The shared scenes: encoded image, size in pixels, content as JSON.
POOL = pa.schema({"scene": _TEXT, "image": _IMAGE, "width": _I32, "height": _I32, "content": _TEXT})

_REFERRING = {
    "question_id": _TEXT,
    "question": _TEXT,
    "answer": _TEXTS,
    "segmentation": _NUMBERS,
    "bbox": _NUMBERS,
    "iscrowd": _I8,
    "file_name": _TEXT,
}
_INSTANCE = pa.struct(
    {
        "id": _I64,
        "image_id": _I64,
        "category_id": _I64,
        "category": _TEXT,
        "bbox": _NUMBERS,
        "area": _F32,
        "iscrowd": _I8,
        "segmentation": pa.list_(_NUMBERS),
    }
)
_POINTERS = pa.list_(pa.struct({"objectId": _TEXT, "value": _TEXT}))

_COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "refcoco": _REFERRING,
    "refcoco+": _REFERRING,
    "refcocog": _REFERRING,
    "textvqa": {
        "image_id": _TEXT,
        "question_id": _I64,
        "question": _TEXT,
        "question_tokens": _TEXTS,
        "image_width": _I32,
        "image_height": _I32,
        "flickr_original_url": _TEXT,
        "flickr_300k_url": _TEXT,
        "answers": _TEXTS,
        "image_classes": _TEXTS,
        "set_name": _TEXT,
        "ocr_tokens": _TEXTS,
    },
    "vqav2": {
        "question_type": _TEXT,
        "multiple_choice_answer": _TEXT,
        "answers": pa.list_(pa.struct({"answer": _TEXT, "answer_confidence": _TEXT, "answer_id": _I64})),
        "image_id": _I64,
        "answer_type": _TEXT,
        "question_id": _I64,
        "question": _TEXT,
    },
    "gqa": {
        "id": _TEXT,
        "imageId": _TEXT,
        "question": _TEXT,
        "answer": _TEXT,
        "fullAnswer": _TEXT,
        "isBalanced": pa.bool_(),
        "groups": pa.struct({"global": _TEXT, "local": _TEXT}),
        "entailed": _TEXT,
        "equivalent": _TEXT,
        "types": pa.struct({"structural": _TEXT, "semantic": _TEXT, "detailed": _TEXT}),
        "annotations": pa.struct({"question": _POINTERS, "answer": _POINTERS, "fullAnswer": _POINTERS}),
        "semantic": pa.list_(pa.struct({"operation": _TEXT, "argument": _TEXT, "dependencies": pa.list_(_I32)})),
        "semanticStr": _TEXT,
    },
    "pope": {
        "id": _TEXT,
        "question_id": _TEXT,
        "question": _TEXT,
        "answer": _TEXT,
        "image_source": _TEXT,
        "category": _TEXT,
    },
    "ai2d": {"question": _TEXT, "options": _TEXTS, "answer": _TEXT},
    "scienceqa_img": {
        "question": _TEXT,
        "choices": _TEXTS,
        "answer": _I8,
        "hint": _TEXT,
        "task": _TEXT,
        "grade": _TEXT,
        "subject": _TEXT,
        "topic": _TEXT,
        "category": _TEXT,
        "skill": _TEXT,
        "lecture": _TEXT,
        "solution": _TEXT,
    },
    "mmmu_val": {
        "id": _TEXT,
        "question": _TEXT,
        "options": _TEXT,
        "explanation": _TEXT,
        **{f"image_{number}": _IMAGE for number in range(2, 8)},
        "img_type": _TEXT,
        "answer": _TEXT,
        "topic_difficulty": _TEXT,
        "question_type": _TEXT,
        "subfield": _TEXT,
    },
    "ocrbench": {"dataset": _TEXT, "question": _TEXT, "question_type": _TEXT, "answer": _TEXTS},
    "docvqa_val": {
        "questionId": _TEXT,
        "question": _TEXT,
        "question_types": _TEXTS,
        "docId": _I64,
        "ucsf_document_id": _TEXT,
        "ucsf_document_page_no": _TEXT,
        "answers": _TEXTS,
        "data_split": _TEXT,
    },
    "infovqa_val": {
        "questionId": _TEXT,
        "question": _TEXT,
        "answers": _TEXTS,
        "answer_type": _TEXTS,
        "image_url": _TEXT,
        "operation/reasoning": _TEXTS,
        "ocr": _TEXT,
        "data_split": _TEXT,
    },
    "chartqa": {"type": _TEXT, "question": _TEXT, "answer": _TEXT},
    "text_spotting": {"image_id": _TEXT, "file_name": _TEXT, "gt": _TEXT},
    "flickr30k_entities": {
        "filename": _TEXT,
        "sentence_id": _I32,
        "sentence": _TEXT,
        "markup": _TEXT,
        "phrases": pa.list_(
            pa.struct(
                {
                    "phrase": _TEXT,
                    "first_word_index": _I32,
                    "phrase_id": _TEXT,
                    "phrase_type": _TEXTS,
                    "boxes": pa.list_(_NUMBERS),
                }
            )
        ),
    },
    "coco_detection": {
        "image_id": _I64,
        "file_name": _TEXT,
        "width": _I32,
        "height": _I32,
        "annotations": pa.list_(_INSTANCE),
    },
    "lvis_detection": {
        "image_id": _I64,
        "file_name": _TEXT,
        "coco_url": _TEXT,
        "width": _I32,
        "height": _I32,
        "neg_category_ids": pa.list_(_I64),
        "not_exhaustive_category_ids": pa.list_(_I64),
        "annotations": pa.list_(_INSTANCE),
    },
    "vg_dense_caption": {
        "image_id": _I64,
        "width": _I32,
        "height": _I32,
        "regions": pa.list_(
            pa.struct(
                {
                    "region_id": _I64,
                    "image_id": _I64,
                    "x": _I32,
                    "y": _I32,
                    "width": _I32,
                    "height": _I32,
                    "phrase": _TEXT,
                }
            )
        ),
    },
    "coco_caption": {
        "question_id": _TEXT,
        "question": _TEXT,
        "answer": _TEXTS,
        "id": _I64,
        "license": _I64,
        "file_name": _TEXT,
        "coco_url": _TEXT,
        "height": _I32,
        "width": _I32,
        "date_captured": _TEXT,
    },
    "nocaps": {
        "image_coco_url": _TEXT,
        "image_date_captured": _TEXT,
        "image_file_name": _TEXT,
        "image_height": _I32,
        "image_width": _I32,
        "image_id": _I64,
        "image_license": _I8,
        "image_open_images_id": _TEXT,
        "image_domain": _TEXT,
        "annotations_ids": pa.list_(_I64),
        "annotations_captions": _TEXTS,
    },
}


def schema_of(name: str) -> pa.Schema:
    """Types of the stored columns of one sample: ``scene`` and the published ones except the image.

    Raises:
        UnknownNameError: there is no such sample.
    """
    if name not in _COLUMNS:
        raise UnknownNameError("task", name, _COLUMNS, "bundled samples")
    return pa.schema({"scene": _TEXT, **_COLUMNS[name]})
